"""What becomes of each decision: applied with a number, or history only. Pure, and the same for everybody who asks.

A decision has no number of its own. Its place among the records of `[reviews]` gives it one, so the review stage and
the command that made it find the same without asking each other, and so does a stage that reads a record again after
a crash.

The number is what versions order by (`schemas.identity`): among versions of one wording a higher one wins, whatever
the model. So it counts the decisions that were applied to one wording:

* A decision on a newer wording than any before begins anew: a later edit had set the item back to not reviewed.
* A decision on an older wording than another one's is history: the post was edited, and that edit was decided on.
* Otherwise it is applied, unless its author had not seen all that were applied before it. Then it is overtaken, and
  history, but for a decision ``over`` whatever came before.

Elasticsearch is not asked: it lags, and two who ask it at once see the same. Only where a decision was made on an
item that had had more decisions than the topic remembers (retention, or another topic), what it saw counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas import codec
from schemas.codec import InvalidMessage
from schemas.identity import REVIEW_BITS, REVISION_BITS, milliseconds
from schemas.review import Review
from schemas.topics import REVIEWS

MOST: Final = 2**REVIEW_BITS - 1
"""Decisions that one wording can take: what the version has room for."""


@dataclass(frozen=True, slots=True)
class Applied:
    """It counts, as the wording's decision of this number."""

    number: int


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody else's was applied first, and its author had not seen it. ``by`` is the offset of the last one
    applied."""

    by: int


@dataclass(frozen=True, slots=True)
class Outdated:
    """The post has been edited, and a decision was made on the newer wording. ``by`` is the offset of that one."""

    by: int


@dataclass(frozen=True, slots=True)
class TooMany:
    """The version has no room for another decision on this wording."""


Fate = Applied | Overtaken | Outdated | TooMany


@dataclass(frozen=True, slots=True)
class Standing:
    """What was decided of a post so far: on which wording, how often, and the offset of the last that was applied."""

    revision: int
    number: int
    offset: int


def review_of(value: bytes | None) -> Review:
    """The decision that a record holds. Raises `InvalidMessage` for one that can never be applied: it is never
    numbered."""
    review: Review = codec.decode(REVIEWS, value)
    if review.item.verdict.label == "chatter":
        raise InvalidMessage("wrong_shape", "a decision on chatter, which is no item")
    if not 0 <= milliseconds(review.item.revision) < 1 << REVISION_BITS:
        raise InvalidMessage("version_out_of_range", "the item's revision does not fit its bits")
    return review


def fate_of(review: Review, standing: Standing | None) -> Fate:
    """What becomes of a decision on a post with this ``standing``; None: nothing was decided before."""
    revision, seen = milliseconds(review.item.revision), review.item.reviews
    if standing is not None and revision < standing.revision:
        return Outdated(standing.offset)
    before = standing.number if standing is not None and revision == standing.revision else 0
    if standing is not None and seen < before and not review.over:
        return Overtaken(standing.offset)
    number = max(before, seen) + 1
    return Applied(number) if number <= MOST else TooMany()


class Numbering:
    """Numbers decisions, given in the order of their offsets. Remembers one `Standing` for each post."""

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}

    def number(self, review: Review, offset: int) -> Fate:
        """What becomes of the decision at ``offset``."""
        fate = fate_of(review, self._standings.get(review.uid))
        if isinstance(fate, Applied):
            self._standings[review.uid] = Standing(milliseconds(review.item.revision), fate.number, offset)
        return fate
