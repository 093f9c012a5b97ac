"""When the posts of a backlog were classified and indexed, read after the run from what the stages wrote anyway."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipeline.elasticsearch_client import connect
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas.mapping import WRITE_ALIAS
from schemas.topics import OUTCOMES

ONE_BATCH = 0.05
"""Seconds within which the outcomes of one batch, a record for each partition, are told."""

WARM = 0.1
"""Share of a backlog that is done before measuring begins: by then the worker has seen most lengths of text."""


@dataclass(frozen=True)
class Timeline:
    """``steps`` are (time of day in seconds, posts classified by then); ``indexed`` is when the last bulk went out."""

    steps: list[tuple[float, int]]
    indexed: float

    @property
    def posts(self) -> int:
        return self.steps[-1][1]

    @property
    def begin(self) -> float:
        return self.steps[0][0]

    @property
    def end(self) -> float:
        """When the last post was classified, and the last item indexed."""
        return max(self.steps[-1][0], self.indexed)

    def at(self, share: float) -> tuple[float, int]:
        """When ``share`` of the posts were classified first, and how many were by then, whole batches."""
        moment = next(at for at, done in self.steps if done >= share * self.posts)
        return moment, max(done for at, done in self.steps if at <= moment + ONE_BATCH)

    def rate(self, share: float = WARM) -> float:
        """Posts a second from ``share`` of the backlog classified to the last indexed."""
        moment, done = self.at(share)
        return (self.posts - done) / (self.end - moment)

    def rate_between(self, first: float, last: float) -> float:
        """Posts classified a second between two shares of the backlog."""
        (begin, before), (end, after) = self.at(first), self.at(last)
        return (after - before) / (end - begin)


def timeline(settings: Settings) -> Timeline:
    """The timeline of an installation whose stages are done."""
    told = sorted(
        (record.timestamp / 1000, len(json.loads(record.value)["outcomes"]))
        for record in read_topic(settings, OUTCOMES)
    )
    steps, done = [], 0
    for at, posts in told:
        done += posts
        steps.append((at, done))
    return Timeline(steps, indexing_times(settings)[1])


def indexing_times(settings: Settings) -> tuple[float, float, int]:
    """When the first and the last document were put into a bulk request, and how many there are."""
    with connect(settings) as client:
        alias = settings.named(WRITE_ALIAS)
        client.indices.refresh(index=alias)
        answer = client.search(
            index=alias,
            size=0,
            track_total_hits=True,
            aggs={kind: {kind: {"field": "event.ingested"}} for kind in ("min", "max")},
        ).body
    first, last = (float(answer["aggregations"][kind]["value"] or 0) / 1000 for kind in ("min", "max"))
    return first, last, int(answer["hits"]["total"]["value"])
