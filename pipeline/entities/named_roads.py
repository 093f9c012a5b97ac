"""Roads by their names: one to three words before "Road", "St", "Lane" …

Where names are written with a capital, the capitals tell where a name begins. In lower case, or in a post that is all
capitals, it begins behind a word that can't be part of it ("on", "of", "and", a house's number), and only kinds of roads
count that are no ordinary words: "on the way", "a good place" and "too close" are none. Hills, rows, courts and walks are
left out everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.entities.reading import Found, Reading, Word
from pipeline.entities.words import words as listed

_KINDS: Final = {
    "road": "Road", "rd": "Road", "street": "Street", "st": "Street", "avenue": "Avenue", "ave": "Avenue", "av": "Avenue",
    "lane": "Lane", "ln": "Lane", "crescent": "Crescent", "cres": "Crescent", "terrace": "Terrace", "grove": "Grove",
    "drive": "Drive", "dr": "Drive", "close": "Close", "way": "Way", "mews": "Mews", "gardens": "Gardens", "gdns": "Gardens",
    "place": "Place", "square": "Square", "parade": "Parade",
}  # fmt: skip
_SHORT: Final = frozenset({"rd", "ave", "ln", "cres", "gdns"})
"""Ways to write a kind that mean nothing else, whatever stands before them."""
_ORDINARY: Final = frozenset({"drive", "dr", "close", "way", "gardens", "place", "square", "parade", "av"})
"""Kinds that are ordinary words in lower case; a house's number before the name makes them roads."""

_ANCHORS: Final = listed("before_roads")
_NO_NAME: Final = _ANCHORS | listed("not_in_roads")
_SAINTS: Final = listed("saints")
_MOST_WORDS: Final = 3


def find(reading: Reading) -> Iterator[Found]:
    """Names as `as_typed` writes them. A name that another one goes on from ("Peel Street Gardens") is told once."""
    words = reading.words
    last: Found | None = None
    for place, word in enumerate(words):
        if word.key not in _KINDS or (start := _begin(reading, words, place)) is None:
            continue
        found = Found(as_typed(reading.text[words[start].start : word.end]), words[start].start, word.end)
        if last and last.end <= found.start:
            yield last
        last = found
    if last:
        yield last


def as_typed(text: str) -> str:
    """A name with its kind in full, each word with a capital, without apostrophes and full stops: ``St Johns Road``."""
    words = re.sub(r"['.\u2019]", "", text).split()
    if len(words) > 1:
        words[-1] = _KINDS.get(words[-1].lower(), words[-1])
    return " ".join(word if word[:1].isupper() and not word.isupper() else word.capitalize() for word in words)


def _begin(reading: Reading, words: Sequence[Word], place: int) -> int | None:
    """Which word the name of the road begins with that may end at ``place``; None where it is none."""
    if place == 0 or (words[place].key in ("st", "dr") and _is_title(reading, words, place)):
        return None
    if words[place - 1].text[0].isupper() and not reading.shouted:
        if words[place].key in _ORDINARY and not words[place].text[0].isupper():
            return None  # "has anyone Narcan close to"
        return _capitalised(reading, words, place)
    return _in_lower_case(reading, words, place)


def _is_title(reading: Reading, words: Sequence[Word], place: int) -> bool:
    """Whether this "St" is a saint, this "Dr" a doctor."""
    if place + 1 == len(words) or not _adjacent(reading, words, place + 1):
        return False
    behind = words[place + 1]
    if words[place].key == "dr":
        return True
    return behind.key in _SAINTS


def _capitalised(reading: Reading, words: Sequence[Word], place: int) -> int | None:
    first = place
    while first > 0 and place - first < _MOST_WORDS and _adjacent(reading, words, first):
        before = words[first - 1]
        if not before.text[0].isupper() or (before.key in _NO_NAME and before.key not in _KINDS):
            break
        first -= 1
    return first if first < place else None


def _in_lower_case(reading: Reading, words: Sequence[Word], place: int) -> int | None:
    kind = words[place].key
    at = place - 1
    while at >= 0 and place - at <= _MOST_WORDS and _adjacent(reading, words, at + 1) and _may_be_name(words[at]):
        at -= 1
    first = at + 1
    if first == place or (at >= 0 and place - at > _MOST_WORDS):
        return _one_word(reading, words, place)
    anchor = words[at] if at >= 0 and _adjacent(reading, words, first) else None
    numbered = anchor is not None and anchor.text.isdigit()
    if kind in _ORDINARY:
        return first if numbered else None
    if anchor is None or numbered or anchor.key in _ANCHORS or (anchor.key == "the" and words[first].key == "high"):
        return first
    return _one_word(reading, words, place)


def _one_word(reading: Reading, words: Sequence[Word], place: int) -> int | None:
    """Where nothing tells how long the name is: its last word, if the kind can be nothing but a road."""
    if words[place].key in _SHORT and _adjacent(reading, words, place) and _may_be_name(words[place - 1]):
        return place - 1
    return None


def _may_be_name(word: Word) -> bool:
    return word.key not in _NO_NAME and word.key.isalpha() and len(word.key) > 1


def _adjacent(reading: Reading, words: Sequence[Word], place: int) -> bool:
    """Whether nothing but a space, or the full stop of "St.", stands between this word and the one before it."""
    if place == 0:
        return False
    before = words[place - 1]
    between = reading.text[before.end : words[place].start]
    return between in (" ", "-") or (between == ". " and before.key == "st")
