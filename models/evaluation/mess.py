"""What real writing does to a text without changing what it says: one function for each kind of mess.

Training reads some posts so, and the model card tells what each kind costs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

HANDLE: Final = re.compile(r"@\w+")
LINK: Final = re.compile(r"https?://\S+")
EMOJI: Final = re.compile("[\U0001f1e6-\U0001faff\u2600-\u27bf\ufe0f\u200d]+")
PUNCTUATION: Final = re.compile(r"(?<!\w)[^\w\s@#£$€]|[^\w\s@#£$€](?!\w)")
_HANDLES_AND_LINKS: Final = re.compile(rf"({HANDLE.pattern}|{LINK.pattern})")
_EMOJI: Final = re.compile(f"({EMOJI.pattern})")
_APOSTROPHES: Final = str.maketrans("", "", "'\u2019")
_WORD: Final = re.compile(r"(?<![#\w])[A-Za-z]{4,}(?!\w)")

_LOOKALIKES: Final = str.maketrans("aceiopsxyABCEHKMOPTX", "асеіорѕхуАВСЕНКМОРТХ")
"""Latin letters and the Cyrillic ones that look the same."""
_NEIGHBOURS: Final = {
    letter: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for place, letter in enumerate(row)
}
"""Keys beside a key."""
_WORDS_MISTYPED: Final = 0.12
_WORDS_DISGUISED: Final = 0.3

Mess = Callable[[str, random.Random], str]
"""The text in that mess. Chance comes in, so that the same seed gives the same mess."""


def lower_case(text: str, chance: random.Random) -> str:
    return text.lower()


def shouting(text: str, chance: random.Random) -> str:
    """Capitals throughout."""
    return _between(_HANDLES_AND_LINKS, text, str.upper)


def without_punctuation(text: str, chance: random.Random) -> str:
    """Links go too: they are made of punctuation."""
    bare = _between(_EMOJI, LINK.sub(" ", text), lambda part: PUNCTUATION.sub(" ", part).translate(_APOSTROPHES))
    return _tidy(bare, text)


def without_emoji(text: str, chance: random.Random) -> str:
    return _tidy(EMOJI.sub(" ", text), text)


def without_handles(text: str, chance: random.Random) -> str:
    return _tidy(HANDLE.sub(" ", text), text)


def without_links(text: str, chance: random.Random) -> str:
    return _tidy(LINK.sub(" ", text), text)


def masked(text: str, chance: random.Random) -> str:
    """Every handle ``@user`` and every link ``http``, as public collections of posts have them."""
    return LINK.sub("http", HANDLE.sub("@user", text))


def typos(text: str, chance: random.Random) -> str:
    """One word in eight has a letter swapped with the next, left out, doubled, or hit beside its key."""
    return _words(text, lambda word: _mistyped(word, chance) if chance.random() < _WORDS_MISTYPED else word)


def homoglyphs(text: str, chance: random.Random) -> str:
    """Three words in ten with Cyrillic letters that look like the Latin ones."""
    return _words(text, lambda word: word.translate(_LOOKALIKES) if chance.random() < _WORDS_DISGUISED else word)


def zero_width(text: str, chance: random.Random) -> str:
    """Three words in ten with an invisible character in the middle."""

    def split(word: str) -> str:
        middle = len(word) // 2
        return f"{word[:middle]}\u200b{word[middle:]}" if chance.random() < _WORDS_DISGUISED else word

    return _words(text, split)


MESSES: Final[dict[str, Mess]] = {
    "all lower case": lower_case,
    "shouting": shouting,
    "no punctuation": without_punctuation,
    "no emoji": without_emoji,
    "typos": typos,
    "handles and links masked": masked,
    "homoglyphs": homoglyphs,
    "zero-width characters": zero_width,
}
"""What the card reports on."""


def _mistyped(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(_NEIGHBOURS[word[at].lower()]) + word[at + 1 :]


def _words(text: str, change: Callable[[str], str]) -> str:
    """Words of four letters and more, changed; handles and links stay what they are."""
    return _between(_HANDLES_AND_LINKS, text, lambda part: _WORD.sub(lambda word: change(word[0]), part))


def _between(kept: re.Pattern[str], text: str, change: Callable[[str], str]) -> str:
    """What stands between the matches of ``kept``, which has one group, changed."""
    return "".join(part if place % 2 else change(part) for place, part in enumerate(kept.split(text)))


def _tidy(text: str, original: str) -> str:
    """Single spaces; the original where nothing would be left."""
    return " ".join(text.split()) or original
