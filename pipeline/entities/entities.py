"""The text of a post → what it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from pipeline.circle import Circle
from pipeline.entities import named_roads, numbered_roads, phones, places, postcodes, registration_marks, what3words
from pipeline.entities.places import Point
from pipeline.entities.reading import Found, Reading

MOST: Final = 20
"""Most of a kind that a post can name; a list of everything is about nothing of it."""

_MOST_READ: Final = 100
"""Most of a kind that are looked at, repeats too."""

_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Entities:
    """Each value once, in the order of the text, at most `MOST` of a kind."""

    registration_marks: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    what3words: tuple[str, ...] = ()
    roads: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    located: tuple[tuple[str, Point], ...] = ()
    """Those of ``places`` of which it is known where they are."""


def entities_of(text: str, here: Circle | None = None) -> Entities:
    """What ``text`` names. ``here``, where it was written or is read, tells which of several towns of one name is meant.

    Never raises; the time it takes is linear in the text, of which `pipeline.entities.reading.MOST_CHARACTERS` are read.
    """
    reading = Reading.of(text)
    taken = _Taken()
    digits = bool(_DIGIT.search(reading.text))
    three = taken.values(what3words.find(reading))
    marks = taken.values(registration_marks.find(reading)) if digits else ()
    codes = taken.values(postcodes.find(reading)) if digits else ()
    numbers = taken.values(phones.find(reading)) if digits else ()
    named = named_roads.find(reading)
    roads = taken.values(chain(numbered_roads.find(reading), named) if digits else named)
    towns = taken.values(places.find(reading))
    located = tuple((name, point) for name in towns if (point := places.where(name, here)))
    return Entities(marks, codes, numbers, three, roads, towns, located)


class _Taken:
    """The spans that something was found in: a postcode is no road, and the town in a road's name is not meant."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def values(self, found: Iterable[Found]) -> tuple[str, ...]:
        """The values of one kind, without those that stand in what was found before. One span may hold two values."""
        values: dict[str, None] = {}
        own: list[tuple[int, int]] = []
        for value, start, end in islice(found, _MOST_READ):
            span = (start, end)
            if _overlaps(span, self._spans) or (span not in own and _overlaps(span, own)):
                continue
            own.append(span)
            values[value] = None
        self._spans += own
        return tuple(values)[:MOST]


def _overlaps(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
