"""what3words addresses: behind ``///``, in a link to what3words, or where the text speaks of it. Words are not looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.entities.reading import Found, Reading

_THREE: Final = r"([^\W\d_]{3,24}\.[^\W\d_]{3,24}\.[^\W\d_]{3,24})(?![\w.]*\w)"
_MARKED: Final = re.compile(rf"(?:///\s?|\b(?:w3w\.co|what3words\.com)/){_THREE}", re.IGNORECASE)
_NAMED: Final = re.compile(r"\b(?:what ?(?:3|three) ?words?|w3w)\b", re.IGNORECASE)
_BARE: Final = re.compile(rf"(?<![\w./@]){_THREE}", re.IGNORECASE)

_BEHIND: Final = 60
"""Most characters between the name of what3words and an address without slashes."""
_LONGEST: Final = 3 * 25


def find(reading: Reading) -> Iterator[Found]:
    """Addresses in lower case, without slashes: ``filled.count.soap``."""
    text, lower = reading.whole, reading.whole.lower()
    if "///" not in text and "w3w" not in lower and "word" not in lower:
        return
    for match in _MARKED.finditer(text):
        if not match[1].lower().startswith("www."):
            yield Found(match[1].lower(), *match.span(1))
    for name in _NAMED.finditer(text):
        bare = _BARE.search(text[: name.end() + _BEHIND + _LONGEST], name.end())
        if bare and bare.start() <= name.end() + _BEHIND:
            yield Found(bare[1].lower(), *bare.span(1))


def as_typed(text: str) -> str:
    """An address as it is stored, of any way to type it."""
    return re.sub(r"\s", "", text).lower().rpartition("/")[2]
