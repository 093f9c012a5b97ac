"""The page stage: one story, one page, until somebody acknowledges it.

`[alert-candidates]` and `[alert-actions]` → `[alerts]`, and from there to people.
"""
