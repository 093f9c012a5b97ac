"""What figures and reports need beyond serving."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from pipeline.errors import FlagpostError

PACKAGES: Final = {"scipy": "scipy", "sklearn": "scikit-learn", "matplotlib": "matplotlib", "jinja2": "jinja2"}


def require_extra() -> None:
    """Raises `FlagpostError` that says what to install where a package of the extra `evaluate` is missing."""
    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise FlagpostError(
            f"Judging a model needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            "Install flagpost with its extra `evaluate`: pip install 'flagpost[evaluate]'; in a clone: make setup.",
        )
