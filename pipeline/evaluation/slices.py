"""The same figures for parts of the posts: by length, by source, by theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal

import numpy as np
from msgspec import Struct

from models.evaluation import matrix
from models.evaluation.arrays import Floats, Integers
from models.evaluation.estimate import Estimate, of_share
from pipeline.evaluation.judging import Judged
from pipeline.evaluation.posts import LabelledPost

By = Literal["length", "source", "theme"]

BANDS: Final = ((5, "up to 5 words"), (15, "6 to 15 words"), (30, "16 to 30 words"))
LONGEST: Final = "more than 30 words"
_BANDS_IN_ORDER: Final = (*(name for _, name in BANDS), LONGEST)


class Slice(Struct, frozen=True):
    """Of posts that share a length, a source or a theme; as decided. A share is None where there is nothing to count."""

    by: By
    name: str
    posts: int
    accuracy: Estimate
    """With its Wilson interval."""
    macro_f1: float | None
    """Over the labels that occur in the slice."""
    flagged_recall: float | None
    chatter_flagged: float | None


def slices(judged: Judged) -> list[Slice]:
    """By length from short to long, then by source and by theme, most posts first. What only one value has is no slice."""
    return [
        *_by(judged, "length", lambda post: band(post.text)),
        *_by(judged, "source", lambda post: post.source),
        *_by(judged, "theme", lambda post: post.theme),
    ]


def band(text: str) -> str:
    """How long ``text`` is, in words."""
    words = len(text.split())
    return next((name for most, name in BANDS if words <= most), LONGEST)


def _by(judged: Judged, by: By, name_of: Callable[[LabelledPost], str]) -> Iterator[Slice]:
    truth, decided = judged.truth, judged.decided
    places: dict[str, list[int]] = {name: [] for name in _BANDS_IN_ORDER} if by == "length" else {}
    for place, post in enumerate(judged.posts):
        places.setdefault(name_of(post), []).append(place)
    parts = [(name, part) for name, part in places.items() if part]
    if by != "length":
        if len(parts) == 1:
            return
        parts.sort(key=lambda one: -len(one[1]))
    for name, part in parts:
        yield _slice(by, name, truth[part], decided[part])


def _slice(by: By, name: str, truth: Integers, decided: Integers) -> Slice:
    counts = matrix.of(truth, decided)
    return Slice(
        by=by,
        name=name or "(none)",
        posts=len(truth),
        accuracy=of_share(int(np.trace(counts)), len(truth)),
        macro_f1=_number(matrix.macro_f1(counts, counts.sum(axis=1) > 0)),
        flagged_recall=_number(matrix.flagged_recall(counts).share),
        chatter_flagged=_number(matrix.chatter_flagged(counts).share),
    )


def _number(value: Floats) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
