"""The review stage: what analysts decided, `[reviews]` → `[flagged]`, and from there to retraining."""
