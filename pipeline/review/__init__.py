"""What analysts decide: `[reviews]` → `[flagged]`. Start at numbering.py, which says what becomes of a decision.

decision.py and submit.py are the way in, stage.py applies, history.py and export.py read back.
"""
