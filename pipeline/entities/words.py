"""The lists of words in words.toml, which says what each is for."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

LISTS = Path(__file__).parent / "words.toml"


@functools.cache
def words(name: str) -> frozenset[str]:
    """One list: of words apart by white space, or of names that have spaces themselves."""
    found = _lists()[name]
    return frozenset(found.split() if isinstance(found, str) else found)


@functools.cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(LISTS.read_text(encoding="utf-8"))
