"""Cleans a text for the model, and remembers where each character came from.

What is cleaned is only what a reader does not see or would read the same: Unicode forms, letters of other scripts that
pose as Latin ones, control and zero-width characters, runs of white space. Words, case, emoji, handles and links stay:
the model has seen them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from confusable_homoglyphs.confusables import confusables_data

MAX_CHARACTERS: Final = 8_000
"""Most characters that are read, before and after cleaning (one character may become eighteen); no network's ordinary post
is longer. What stands behind them has no part in the verdict."""

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_JOINER: Final = "\u200d"  # holds an emoji sequence together
_WORD: Final = re.compile(r"[^\W\d_]+")

_LATIN: Final[dict[str, str]] = {
    letter: look["c"]
    for letter, looks in confusables_data.items()
    if len(letter) == 1 and letter.isalpha() and not unicodedata.name(letter, "LATIN").startswith("LATIN")
    for look in looks
    if len(look["c"]) == 1 and look["c"].isascii() and look["c"].isalpha()
}
"""Letters of other scripts and the Latin letter that each can be taken for, by Unicode's own list (UTS #39)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text for the model. ``text[i]`` came from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    original: str

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that ``text[start:end]`` came from; both count code points."""
        if start >= end or start >= len(self.text):
            return 0, 0
        return self.starts[start], self.ends[min(end, len(self.text)) - 1]


def prepare(original: str) -> Prepared:
    """The text as the model should read it: NFKC, no invisible characters, single spaces, at most `MAX_CHARACTERS`."""
    head = original[:MAX_CHARACTERS]
    if head.isascii() and head.isprintable() and "  " not in head and head == head.strip(" "):
        return Prepared(head, range(len(head)), range(1, len(head) + 1), original)
    kept: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(head):
        for character in unicodedata.normalize("NFKC", head[start:end]):
            if character.isspace():
                if not kept or kept[-1] == " ":
                    continue
                character = " "
            elif unicodedata.category(character) in _INVISIBLE and not _joins_emoji(character, head, start):
                continue
            kept.append(character)
            starts.append(start)
            ends.append(end)
    text = _without_disguise("".join(kept[:MAX_CHARACTERS]).removesuffix(" "))
    return Prepared(text, starts[: len(text)], ends[: len(text)], original)


def _without_disguise(text: str) -> str:
    """Words that mix Latin letters with look-alikes, in Latin letters: as long as before. Other scripts stay as they are.

    A word of look-alikes alone is one too if most letters of the text are Latin.
    """
    letters = [character for character in text if character.isalpha()]
    mostly_latin = 2 * sum(character.isascii() for character in letters) > len(letters)

    def unmask(found: re.Match[str]) -> str:
        word = found[0]
        disguised = [character for character in word if not character.isascii() and character in _LATIN]
        honest = any(not character.isascii() and character not in _LATIN for character in word)
        mixed = any(character.isascii() for character in word)
        if not disguised or honest or not (mixed or mostly_latin):
            return word
        return "".join(_LATIN.get(character, character) if not character.isascii() else character for character in word)

    return _WORD.sub(unmask, text)


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans of a character and the combining marks that follow it: what NFKC may compose into one."""
    starts = [index for index, character in enumerate(text) if not (index and unicodedata.combining(character))]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def _joins_emoji(character: str, text: str, index: int) -> bool:
    return (
        character == _JOINER
        and 0 < index < len(text) - 1
        and unicodedata.category(text[index - 1]) in ("So", "Sk", "Mn")
        and unicodedata.category(text[index + 1]) == "So"
    )
