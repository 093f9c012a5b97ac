"""A post's text as the finders read it: cleaned, cut, without handles and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from models.prepare import prepare

MOST_CHARACTERS: Final = 4_000
"""Of a post that are read, counted after cleaning. A longer one is a pasted page: what it is about stands at its top."""

_HIDDEN: Final = re.compile(r"(?:https?://|www\.)\S*|[^\s@]{0,64}@\S*")
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Found(NamedTuple):
    """One thing that was found, in its one way of writing, and its span in `Reading.text`."""

    value: str
    start: int
    end: int


class Word(NamedTuple):
    text: str
    key: str
    """In lower case, without apostrophes."""
    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    text: str
    """Links, handles and mail addresses are blanks of the same length: they name accounts and pages, not things."""
    whole: str
    """The same text with them."""

    @classmethod
    def of(cls, text: str) -> Reading:
        whole = prepare(text[:MOST_CHARACTERS]).text[:MOST_CHARACTERS].replace("\u2019", "'").replace("\u2018", "'")
        hides = "@" in whole or "://" in whole or "www." in whole
        return cls(_HIDDEN.sub(_blank, whole) if hides else whole, whole)

    @cached_property
    def words(self) -> list[Word]:
        return [
            Word(text := match.group(), text.lower().replace("'", ""), *match.span())
            for match in _WORD.finditer(self.text)
        ]

    @cached_property
    def shouted(self) -> bool:
        """Whether most of it is in capitals, so that a capital says nothing."""
        long = [word.text for word in self.words if len(word.text) > 2 and word.text.isalpha()]
        return 2 * sum(map(str.isupper, long)) > len(long)

    def before(self, position: int, characters: int) -> str:
        return self.text[max(position - characters, 0) : position]

    def after(self, position: int, characters: int) -> str:
        return self.text[position : position + characters]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())
