"""Texts that a post should not have, and will: what people, bots and broken exporters put where words belong."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

MARK: Final = "qzxjq"
"""Stands in every text of the fuzzer, and in no word of ours: where it turns up, a post was quoted."""

_WORDS: Final = (
    *("help", "dealing", "useless", "now", "dog", "river", "police", "please", "the", "and", "lads", "pier", "broke"),
    *("window", "again", "stabbed", "road", "lovely", "sunset"),
)
_BIDI: Final = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"
_ZERO_WIDTH: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\U000e0041\U000e007f"
_COMBINING: Final = "\u0300\u0301\u0327\u0338\u0489\u20dd\u0e31\u0f39\ufe0f"
_EMOJI: Final = "😀🚨🔪👩‍👩‍👧‍👦🏴‍☠️👍🏽❤️🇬🇧0️⃣🫠"
_EXPANDING: Final = "\ufdfa\u1f82\ufb03\u3300\u2a74\u0390\u00bd\u2460"
_LOOK_ALIKES: Final = "аеорсухіԁһӏΑΒΕЅ"
_CONTROLS: Final = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFFFE, 0xFFFF]))
_SCRIPTS: Final = "日本語مرحباहिन्दीไทย한국어ελληνικάкириллица𐍈𝔘𝓷"


def words(chance: Random, most: int = 12) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randint(1, most)))


def _drawn(alphabet: str, most: int = 200) -> Callable[[Random], str]:
    return lambda chance: "".join(chance.choices(alphabet, k=chance.randint(1, most)))


def _sprinkled(alphabet: str) -> Callable[[Random], str]:
    """Words with strangers between their letters."""
    return lambda chance: "".join(
        letter + chance.choice(alphabet) * chance.choice((0, 0, 1, 3)) for letter in words(chance)
    )


def _any(chance: Random) -> str:
    return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(1, 100)))


def _surrogates(chance: Random) -> str:
    return words(chance, 3) + "".join(chr(chance.randrange(0xD800, 0xE000)) for _ in range(chance.randint(1, 3)))


_TEXTS: Final[tuple[Callable[[Random], str], ...]] = (
    words,
    words,
    _any,
    _surrogates,
    _drawn(_EMOJI),
    _drawn(_EXPANDING),
    _drawn(_CONTROLS),
    _drawn(_SCRIPTS),
    _drawn(_ZERO_WIDTH),
    _drawn("{}[]\",:\\/'u0n"),
    _sprinkled(_BIDI),
    _sprinkled(_ZERO_WIDTH),
    _sprinkled(_COMBINING),
    _sprinkled(_LOOK_ALIKES),
    lambda chance: "e" + "\u0301" * chance.randint(100, 5_000),
    lambda chance: words(chance, 3) * chance.randint(1, 500),
    lambda chance: " \t\u00a0\u3000\u2003" * chance.randint(1, 200),
    lambda chance: chance.choice(
        ("%s %n {0} ${x}", "\x1b[2J\x1b]0;owned\x07", "<script>alert(1)</script>", "';DROP--")
    ),
    lambda chance: "https://" + words(chance).replace(" ", "/") + " @" + words(chance, 1),
    lambda chance: "",
)


def text(chance: Random) -> str:
    """Any of them, marked at both ends: whoever quotes the beginning or the end of it quotes the mark."""
    return f"{MARK} {chance.choice(_TEXTS)(chance)} {MARK}"


def emoji(chance: Random) -> str:
    """Nothing that a mark could be in: a picture without a word."""
    return _drawn(_EMOJI)(chance)
