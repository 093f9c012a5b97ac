"""Invented posts and what each names, in two halves: patterns are tuned on the first, the second tells their worth.

One writer wrote the posts, both halves before the first pattern, and then the patterns: life is harder than that. Marks
have ages that no vehicle has yet, or are plain samples; phone numbers are those that Ofcom keeps for drama.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from pipeline.entities.entities import entities_of

Half = Literal["tuning", "unseen"]
HALVES: Final[tuple[Half, ...]] = ("tuning", "unseen")
KINDS: Final = {
    "marks": "registration_marks",
    "postcodes": "postcodes",
    "phones": "phones",
    "what3words": "what3words",
    "roads": "roads",
    "places": "places",
}
"""What a line calls a kind → what `Entities` calls it."""


class Labelled(Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    marks: list[str] = []
    postcodes: list[str] = []
    phones: list[str] = []
    what3words: list[str] = []
    roads: list[str] = []
    places: list[str] = []


class Mistake(Struct, frozen=True):
    kind: str
    text: str
    missed: list[str]
    made_up: list[str]


class Score(Struct, frozen=True):
    """Counts of one kind over some posts."""

    named: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.named if self.named else 1.0


def labelled(half: Half) -> list[Labelled]:
    lines = (Path(__file__).parent / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [msgspec.json.decode(line, type=Labelled) for line in lines]


def judged(posts: Sequence[Labelled]) -> tuple[dict[str, Score], list[Mistake]]:
    """Kind → score, and where it was wrong."""
    counts = {kind: [0, 0, 0] for kind in KINDS}
    mistakes = []
    for post in posts:
        entities = entities_of(post.text)
        for kind, field in KINDS.items():
            named, found = set(getattr(post, kind)), set(getattr(entities, field))
            for place, count in enumerate((named, found, named & found)):
                counts[kind][place] += len(count)
            if named != found:
                mistakes.append(Mistake(kind, post.text, sorted(named - found), sorted(found - named)))
    return {kind: Score(*count) for kind, count in counts.items()}, mistakes
