"""Sends a decision to `[reviews]`, and finds out what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.message import Outgoing
from pipeline.review.log import PARTITION, Entry, ReviewLog
from pipeline.review.numbering import Outdated, Overtaken
from pipeline.send import send
from pipeline.settings import Settings
from schemas import codec
from schemas.review import Review
from schemas.topics import REVIEWS

ACKNOWLEDGED_SECONDS: Final = 20.0

NOT_SURE: Final = "Then look with `flagpost review show` whether the decision is there."


@dataclass(frozen=True, slots=True)
class Submitted:
    """A decision that stands in `[reviews]`, and the one that came before it where that leaves it without effect."""

    entry: Entry
    first: Entry | None


def submit(settings: Settings, review: Review) -> Submitted:
    """Returns when every in-sync replica has the decision and its fate is known. The review stage need not run.

    Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`. Where it is not known whether the decision is there, the
    same one sent again is overtaken by itself, which changes nothing.
    """
    record = Outgoing(REVIEWS, review.uid.encode(), codec.encode(review))
    (offset,) = send(settings, [record], NOT_SURE, ACKNOWLEDGED_SECONDS, PARTITION)
    uid = review.uid
    with ReviewLog(settings) as log:
        begin = min(log.first_that_counts(review.item), offset)
        entries = {one.offset: one for one in log.entries(begin, offset + 1, lambda other: other == uid)}
    fate = entries[offset].fate
    return Submitted(entries[offset], entries[fate.by] if isinstance(fate, Overtaken | Outdated) else None)
