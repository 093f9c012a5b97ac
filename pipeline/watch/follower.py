"""What was added to a topic since it was last asked for, within bounds of number and time."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from pipeline.watch.connections import Connections
from schemas.topics import Topic

READ_WITHIN: Final = 4.0

FOLLOWED_FOR: Final = 60.0
"""Seconds after which a follower that was not asked begins anew: another worker followed meanwhile."""


class News(Struct, frozen=True):
    """``records`` of one partition are in order. ``share`` of what was added was read."""

    records: list[Any]
    share: float


class Follower:
    """Reads on where it ended; of more than ``most`` new records of a partition only the last ``most``."""

    def __init__(
        self, connections: Connections, topic: Topic, most: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._connections = connections
        self._topic = topic
        self._most = most
        self._monotonic = monotonic
        self._next: dict[int, int] = {}
        self._asked_at = monotonic()

    def news(self, begin_at: dt.datetime) -> News:
        """Within `READ_WITHIN` seconds and an answer of Kafka. It begins with what is not older than ``begin_at``.

        Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`; what was not returned comes next time.
        """
        reader = self._connections.reader(self._topic)
        bounds = reader.bounds()
        asked_at, self._asked_at = self._asked_at, self._monotonic()
        anew = self._asked_at - asked_at > FOLLOWED_FOR
        new = {number: bound for number, bound in bounds.items() if anew or number not in self._next}
        begins = reader.first_since(begin_at, new) if new else {}
        first = {number: max(self._next.get(number, 0), begins.get(number, 0)) for number in bounds}
        for number, (begin, end) in bounds.items():
            if not begin <= first[number] <= end:
                first[number] = begin  # retention, or a topic that was made anew
        wanted = {number: (max(first[number], end - self._most), end) for number, (_, end) in bounds.items()}
        reached = {number: begin for number, (begin, _) in wanted.items()}
        records = []
        deadline = self._monotonic() + READ_WITHIN
        for record in reader.records(wanted):
            records.append(record)
            reached[record.partition] = record.offset + 1
            if self._monotonic() > deadline:
                break
        else:
            reached = {number: end for number, (_, end) in wanted.items()}
        since = {number: self._next.get(number, first[number]) for number in wanted}
        added = sum(max(reached[number] - since[number], 0) for number in wanted)
        skipped = sum(max(begin - since[number], 0) for number, (begin, _) in wanted.items())
        self._next = reached
        return News(records, 1 - skipped / added if added else 1.0)
