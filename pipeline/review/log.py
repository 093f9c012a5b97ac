"""`[reviews]`, read in order, with what became of each decision in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pipeline.review.numbering import Fate, Numbering, review_of
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader
from schemas.codec import InvalidMessage
from schemas.identity import document_id
from schemas.item import Item
from schemas.post import MAX_AHEAD
from schemas.review import Review
from schemas.topics import REVIEWS

PARTITION: Final = 0
"""The only one: decisions are few, and their order numbers them."""

SLACK: Final = dt.timedelta(hours=1)
"""By which clocks may differ between brokers."""

Record = tuple[int, bytes | None]
"""Offset and value."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, where it stands in the topic, and what became of it."""

    offset: int
    review: Review
    fate: Fate


class ReviewLog(TopicReader):
    """Reads `[reviews]`; a context. Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, REVIEWS)

    def entries(
        self, begin: int, end: int | None = None, wanted: Callable[[str], bool] = lambda _uid: True
    ) -> Iterator[Entry]:
        """The decisions from offset ``begin`` to before ``end``, or to what is there now, on posts whose uid is
        ``wanted``.

        Their fates are right if nothing before ``begin`` counts any more: see `first_that_counts`.
        """
        end = self.bounds()[PARTITION][1] if end is None else end
        records = self.records({PARTITION: (begin, end)})
        return entries((one.offset, one.value) for one in records if wanted(_uid(one)))

    def first_that_counts(self, item: Item) -> int:
        """An offset before which no decision on the wording of ``item`` can stand.

        Posts whose revision lies more than `MAX_AHEAD` after the moment when they came in are refused; so there was
        no item to decide on before. It is the brokers' clock that both topics are stamped by.
        """
        return self.offset_at(PARTITION, item.revision - MAX_AHEAD - SLACK)


def entries(records: Iterable[Record]) -> Iterator[Entry]:
    """Every decision among ``records``, with its fate. What nobody can use has a dead letter and no fate."""
    numbering = Numbering()
    for offset, value in records:
        try:
            review = review_of(value)
        except InvalidMessage:
            continue
        yield Entry(offset, review, numbering.number(review, offset))


def is_named(uid: str, named: str) -> bool:
    """Whether ``named`` is this uid, or its document's ``_id`` in whatever case, or the beginning of that."""
    source, colon, post_id = uid.partition(":")
    return uid == named or (bool(colon and named) and document_id(source, post_id).startswith(named.lower()))


def _uid(record: Any) -> str:
    return (record.key or b"").decode("utf-8", "replace")
