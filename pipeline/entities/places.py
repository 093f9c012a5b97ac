"""Towns and villages that a text names, by the gazetteer, and where they are.

How much it takes depends on the name: "Basingstoke" with a capital is enough, "Ashley" must stand behind a preposition of
place, "Reading" must have the capital too. In lower case every name needs words around it that speak of a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from pipeline.circle import Circle
from pipeline.entities.gazetteer import Town, gazetteer, key_of, longest_of
from pipeline.entities.reading import Found, Reading, Word
from pipeline.entities.words import words as listed

LARGE: Final = 10_000
"""People; a name of a smaller place may be anybody's surname, so it takes more to be one."""

_NEVER: Final = listed("never_towns") | listed("never_towns_of_more_words")
_WORDS: Final = listed("towns_and_words")
_PERSONS: Final = listed("towns_and_persons")
_BEFORE_PERSONS: Final = listed("before_persons")

_AT: Final = listed("at_towns")
_AROUND: Final = _AT | listed("around_towns") | listed("kinds_of_roads")
_GOES_ON: Final = re.compile(
    r" (?:(?:town|city|village) (?:centre|center|hall|council|police)|(?:(?:train|railway|bus|police|fire|tube) )?station"
    r"|high (?:street|st)\b|hospital|market ?(?:place|square)|seafront|harbour|docks|airport|ring road|council|university"
    r"|festival|police|railway)",
    re.IGNORECASE,
)
_CLUB: Final = re.compile(
    r" (?:united|utd|city|town|county|rovers|wanderers|albion|athletic|fc|afc|rfc|hotspur|rangers|fans?|supporters|v|vs"
    r"|house|cottages?|villas?|vans?|haulage)\b(?! (?:centre|center|hall|council|hospital|station|police))",
    re.IGNORECASE,
)
"""What makes a club, a house or a firm of a town's name."""
_TITLE: Final = re.compile(r"\b(?:duke|duchess|earl|prince|princess|bishop|archbishop) of \Z", re.IGNORECASE)

_FAMOUS: Final = 10
"""Times as many people as the next town of its name has: then it is the one that is meant without more."""

Kind = Literal["large", "small", "person", "word"]


class Point(NamedTuple):
    """WGS 84 degrees."""

    lat: float
    lon: float


def find(reading: Reading) -> Iterator[Found]:
    """Names as the gazetteer writes them."""
    words, longest = reading.words, longest_of()
    place = 0
    while place < len(words):
        most = longest.get(_st(words[place].key))
        span = _longest_name(reading, words, place, most) if most else None
        if span is None:
            place += 1
            continue
        end, towns = span
        if _is_meant(reading, words, place, end, towns):
            yield Found(towns[0].name, words[place].start, words[end - 1].end)
        place = end


def as_typed(text: str) -> str | None:
    """The town's name as it is stored, or None where the gazetteer knows no such town."""
    towns = gazetteer().get(key_of(text))
    return towns[0].name if towns else None


def where(name: str, here: Circle | None) -> Point | None:
    """Where the town is that ``name`` means to people ``here``; None where it may be one of several.

    A town in the circle comes before those outside. Of these none is taken that is no larger than a village: it is more
    likely that a place is meant which the gazetteer lacks.
    """
    towns = gazetteer()[key_of(name)]
    inside = [town for town in towns if here and here.holds(town.lat, town.lon)]
    first, *others = inside or towns
    if others and first.people < _FAMOUS * max(others[0].people, 1):
        return None
    if not inside and first.people < LARGE and (here or others):
        return None
    return Point(first.lat, first.lon)


def _longest_name(
    reading: Reading, words: Sequence[Word], place: int, most: int
) -> tuple[int, tuple[Town, ...]] | None:
    """The end of the longest name that begins at ``place``, and its towns."""
    towns, key, best = gazetteer(), "", None
    for at in range(place, min(place + most, len(words))):
        if at > place and reading.text[words[at - 1].end : words[at].start] not in (" ", "-", ". "):
            break
        key = f"{key} {_st(words[at].key)}".lstrip()
        if key in towns:
            best = at + 1, towns[key]
    return best


def _st(key: str) -> str:
    return "st" if key == "saint" else key


def _is_meant(reading: Reading, words: Sequence[Word], place: int, end: int, towns: Sequence[Town]) -> bool:
    key = " ".join(word.key for word in words[place:end])
    first, last = words[place], words[end - 1]
    if key in _NEVER or _CLUB.match(reading.after(last.end, 32)) or _TITLE.search(reading.before(first.start, 16)):
        return False
    before = words[place - 1] if place and reading.text[words[place - 1].end : first.start] == " " else None
    if before and before.key in _BEFORE_PERSONS and before.text[0].isupper():
        return False
    at = before is not None and before.key in _AT
    around = before is not None and before.key in _AROUND
    goes_on = bool(_GOES_ON.match(reading.after(last.end, 24)))
    capital = first.text[0].isupper() and last.text[0].isupper() and not reading.shouted
    named_on = _goes_on_as_name(reading, words, end)
    match _kind(key, towns):
        case "word":
            return (at and goes_on) or (capital and (goes_on or (at and not named_on)))
        case "person":
            return goes_on or (at and not named_on)
        case "small":
            if capital:
                return around or goes_on or _between_commas(reading, first, last)
            return goes_on or (at and len(key) > 4)
        case "large":
            return capital or around or goes_on


def _kind(key: str, towns: Sequence[Town]) -> Kind:
    if key in _WORDS:
        return "word"
    if key in _PERSONS:
        return "person"
    return "large" if towns[0].people >= LARGE else "small"


def _goes_on_as_name(reading: Reading, words: Sequence[Word], end: int) -> bool:
    """Whether a word with a capital follows: "at Kelly Bradley's"."""
    if end == len(words) or reading.shouted:
        return False
    return reading.text[words[end - 1].end : words[end].start] == " " and words[end].text[0].isupper()


def _between_commas(reading: Reading, first: Word, last: Word) -> bool:
    """Whether it is the end of an address: "Mill Lane, Hexley"."""
    return reading.before(first.start, 2) == ", " or reading.after(last.end, 1) == ","
