"""The alert stage: which items page whom, `[flagged]` → `[alert-candidates]`."""
