"""From the corpus to a released model: `python -m models.training`. Start at train.py.

Needs the extra ``train``. Nothing that serves imports this package.
"""
