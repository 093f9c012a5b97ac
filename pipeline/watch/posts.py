"""Which sources fell silent, by the keys and timestamps of `[posts]`: no post is decoded."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

from pipeline.alert.rules import SystemRules
from pipeline.topic_reader import Bounds, TopicReader
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import silent_source_conditions
from pipeline.watch.connections import Connections
from pipeline.watch.follower import Follower
from pipeline.watch.part import At
from pipeline.watch.sources import DAY, SLOT, Silence, Sources, earlier_days, source_of
from schemas.topics import POSTS

MOST_POSTS: Final = 1000
"""Of a partition at one look: together more than any force's stream brings in ten seconds. What an import brings beyond
that is passed over, and the time counts as partly read."""

SAMPLED: Final = 20
"""Records of a partition that are read of a slot of the past: of a day about 17,000, of a small force all."""

SAMPLE_SECONDS: Final = 2.0
"""How long one look may read samples; the next one goes on."""


class SourceWatch:
    """Learns the last day from samples at its start, newest first, and then follows every post."""

    def __init__(self, connections: Connections, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connections = connections
        self._monotonic = monotonic
        self._posts = Follower(connections, POSTS, MOST_POSTS)
        self._sources = Sources()
        self._read_to: float | None = None
        self._to_sample: deque[tuple[float, float]] = deque()
        """Stretches of the past that are still to be read, from moment to moment."""
        self._silences: list[Silence] = []

    def ask(self, at: At, limits: SystemRules) -> None:
        now, silent_seconds = at.now.timestamp(), limits.silent_minutes * 60
        news = self._posts.news(at.now)
        for record in news.records:
            if source := source_of(record.key):
                self._sources.saw(source, record.timestamp / 1000)
        if self._read_to is None:
            self._to_sample.extend(_last_day(now))
        else:
            self._sources.read(self._read_to, now, news.share)
        self._read_to = now
        self._sources.forget(now)
        reader = self._connections.reader(POSTS)
        self._sample(reader)
        suspects = list(self._sources.suspects(now, silent_seconds))
        if suspects and not self._to_sample:
            self._remember_earlier_days(reader, now, suspects)
        if not self._to_sample:  # else not enough is known yet, and what was told before holds
            self._silences = [one for one in suspects if self._sources.expected(one, now)]

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        return silent_source_conditions(self._silences)

    def _remember_earlier_days(self, reader: TopicReader, now: float, suspects: Sequence[Silence]) -> None:
        days = [day for silence in suspects for day in earlier_days(now, silence.allowed)]
        slots = {begin for edges in days for edge in edges for begin in edge if not self._sources.knows(begin)}
        bounds = reader.bounds()
        begins_at = self._begins_at(reader, bounds) if slots else None
        self._to_sample.extend((begin, begin + SLOT) for begin in sorted(slots) if begins_at and begin >= begins_at)
        self._sample(reader)

    def _begins_at(self, reader: TopicReader, bounds: Bounds) -> float | None:
        """When the oldest post was made that the topic still holds; None where it holds none."""
        first = {number: (begin, begin + 1) for number, (begin, end) in bounds.items() if begin < end}
        return min((record.timestamp / 1000 for record in reader.records(first)), default=None)

    def _sample(self, reader: TopicReader) -> None:
        deadline = self._monotonic() + SAMPLE_SECONDS
        bounds = reader.bounds() if self._to_sample else {}

        @cache  # one slot's end is another's beginning
        def first_since(moment: float) -> dict[int, int]:
            return reader.first_since(dt.datetime.fromtimestamp(moment, dt.UTC), bounds)

        while self._to_sample and self._monotonic() < deadline:
            begin, end = self._to_sample[0]
            self._sample_one(reader, begin, end, first_since(begin), first_since(end))
            self._to_sample.popleft()

    def _sample_one(
        self, reader: TopicReader, begin: float, end: float, first: Mapping[int, int], last: Mapping[int, int]
    ) -> None:
        wanted = {number: (first[number], min(last[number], first[number] + SAMPLED)) for number in first}
        reached = {number: end if wanted[number][1] == last[number] else begin for number in first}
        for record in reader.records(wanted):
            at = record.timestamp / 1000
            reached[record.partition] = max(reached[record.partition], at)
            if source := source_of(record.key):
                self._sources.saw(source, at)
        share = sum(at - begin for at in reached.values()) / len(reached) / (end - begin) if reached else 0.0
        self._sources.read(begin, end, min(share, 1.0))


def _last_day(now: float) -> list[tuple[float, float]]:
    """Its stretches, none longer than a slot, newest first."""
    begins = [number * SLOT for number in range(int(now // SLOT), int((now - DAY) // SLOT) - 1, -1)]
    return [(begin, min(begin + SLOT, now)) for begin in begins if begin < now]
