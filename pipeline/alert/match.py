"""Which rules match an item. Pure.

A rule sees an item as analysts do: with their label and grade where they have decided, else the model's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.alert.rules import Rule
from pipeline.alert.words import finder, plain
from schemas.alert import Match
from schemas.item import Item
from schemas.labels import Flagged

BETWEEN: Final = " · "
"""Between the values of a group."""

_MOST_OF_GROUP: Final = 512


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    words: re.Pattern[str] | None
    places: re.Pattern[str] | None


class Matcher:
    """The rules of one file, ready to be asked many times."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [_Compiled(rule, finder(rule.when.words), finder(rule.when.places)) for rule in rules]

    def matches(self, item: Item) -> list[Match]:
        """One for each rule that matches ``item``, in the file's order. A dismissed item matches none."""
        if item.dismissed:
            return []
        text, place = plain(item.post.text), plain(place_of(item))
        return [
            Match(rule=one.rule.name, severity=one.rule.severity, group=group_of(one.rule, item))
            for one in self._rules
            if _holds(one, item, text, place)
        ]


def group_of(rule: Rule, item: Item) -> str:
    """Items of one rule that have this in common are one story.

    Two items whose place nobody knows have no place in common: where the rule groups by place, each is a story of its own,
    and its uid stands for the place. Else one emergency would hide behind another.
    """
    values = []
    for field in rule.group_by:
        match field:
            case "label":
                values.append(str(item.label))
            case "grade":
                values.append(str(item.grade))
            case "place":
                values.append(" ".join(place_of(item).split()) or item.uid)
            case "source":
                values.append(item.source)
    return BETWEEN.join(values)[:_MOST_OF_GROUP]


def place_of(item: Item) -> str:
    """Its place's name; empty where it has none."""
    return (item.post.place and item.post.place.name) or ""


def _holds(one: _Compiled, item: Item, text: str, place: str) -> bool:
    when = one.rule.when
    if item.verdict.unsure and not (when.unsure or item.grade == "immediate" or item.review):
        return False
    if when.grades and item.grade not in when.grades:
        return False
    if when.sources and item.source not in when.sources:
        return False
    if not _has_label(item, when.labels, when.least_score):
        return False
    if one.words and not one.words.search(text):
        return False
    return not one.places or bool(one.places.search(place) or one.places.search(text))


def _has_label(item: Item, labels: Sequence[Flagged], least_score: float) -> bool:
    """Whether one of the item's labels is asked for and probable enough; what an analyst decided is certain."""
    own = [one for one in (item.label, *item.also) if not labels or one in labels]
    decided = item.review is not None and (item.review.label is not None or item.review.also is not None)
    return any(decided or getattr(item.verdict.scores, label) >= least_score for label in own)
