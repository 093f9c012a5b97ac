"""How long a byte can stay in a topic of Kafka. Pure.

Kafka drops whole files. A file goes once its newest record is older than the retention, and a file that was begun takes
records for at most the segment's time; the broker looks every five minutes and lets a dropped file lie for one more. So a
record stays for the retention, up to a segment's time longer, and six minutes. A file that grows full closes earlier.

A compacted topic keeps the last record of each key. What another record of its key has replaced, or an empty one took
away, goes when its file was closed and compacted: within a segment's time of being replaced, and another one for the
cleaner to come, as long as anything at all is written there: Kafka closes no file by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from pipeline.retention.age import kept_days
from pipeline.settings import Settings
from schemas.topics import Topic

LOOKED_AT: Final = dt.timedelta(minutes=6)
"""``log.retention.check.interval.ms`` and ``file.delete.delay.ms``, as Kafka has them."""


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a topic keeps what."""

    retention: dt.timedelta | None
    """None: as long as nothing takes the record's place."""
    segment: dt.timedelta
    compacts: bool = False
    """Whether what another record of its key has replaced goes before its time."""

    @classmethod
    def wanted(cls, settings: Settings, topic: Topic) -> Self:
        """As the table and the settings have it."""
        retention = None if topic.cleanup == "compact" else dt.timedelta(days=kept_days(settings, topic))
        return cls(retention, dt.timedelta(hours=topic.segment_hours), "compact" in topic.cleanup)

    @classmethod
    def found(cls, config: Mapping[str, str]) -> Self:
        """As a topic is configured on the brokers. A retention of -1 is for ever."""
        milliseconds = int(config["retention.ms"])
        kept = config["cleanup.policy"] != "compact" and milliseconds >= 0
        segment = dt.timedelta(milliseconds=min(int(config["segment.ms"]), 10**13))
        retention = dt.timedelta(milliseconds=min(milliseconds, 10**13)) if kept else None
        return cls(retention, segment, "compact" in config["cleanup.policy"])

    @property
    def longest(self) -> dt.timedelta | None:
        """The longest that a record can stay; None: there is no end to it."""
        return None if self.retention is None else self.retention + self.segment + LOOKED_AT

    @property
    def replaced(self) -> dt.timedelta:
        """In a compacted topic: the longest that what was replaced can stay, once it was."""
        return 2 * self.segment + LOOKED_AT

    def gone_by(self, written: dt.datetime) -> dt.datetime | None:
        """When a record of that time has certainly gone."""
        return None if self.longest is None else written + self.longest

    def gone_once_replaced(self, written: dt.datetime, replaced: dt.datetime) -> dt.datetime:
        """When a record of that time has certainly gone once another one, or an empty one, has replaced it: with its own
        time or when it is compacted away, if that comes first.
        """
        by_age, compacted = self.gone_by(written), replaced + self.replaced
        return compacted if by_age is None else min(by_age, compacted) if self.compacts else by_age
