"""The index worker alone: a filled `[flagged]` → Elasticsearch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from kafka import KafkaProducer

from pipeline.classify.judge import Judge
from pipeline.settings import Settings
from schemas import codec
from schemas.item import Item
from schemas.post import Author, Post
from schemas.topics import FLAGGED
from schemas.verdict import Verdict
from tests.performance.measure import Figure, Unbalanced
from tests.performance.rig import Rig, wait_until_idle
from tests.performance.sizes import Sizes
from tests.performance.timeline import indexing_times
from tests.performance.workload import draw

NAME = "index"
JUDGED = 1_000
"""Posts whose verdicts are used again and again, with ids of their own."""


def index(rig: Rig, sizes: Sizes) -> list[Figure]:
    """Documents a second, from the first taken to the last but one batch stored."""
    texts = [post.text for post in draw(JUDGED, seed=60)]
    verdicts = Judge.load(Settings()).verdicts(texts)
    flagged = [pair for pair in zip(texts, verdicts, strict=True) if pair[1].label != "chatter"]
    rates = [_once(rig, flagged, sizes.index) for _ in range(sizes.rounds)]
    return [Figure(benchmark=NAME, name="index", unit="docs/s", rounds=rates, note="the start of the process left out")]


def _once(rig: Rig, flagged: list[tuple[str, Verdict]], count: int) -> float:
    with rig.installation() as settings:
        producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
        for item in _items(flagged, count):
            producer.send(settings.named(FLAGGED.name), codec.encode(item), key=item.uid.encode())
        producer.flush()
        producer.close()
        with rig.workers(settings, "index"):
            wait_until_idle(settings, 60 + count / 50)
        first, last, found = indexing_times(settings)
        if found != count:
            raise Unbalanced("index", [f"{count} items in [flagged], {found} documents"])
        return (count - settings.index_batch) / (last - first)


def _items(flagged: list[tuple[str, Verdict]], count: int) -> Iterator[Item]:
    created = dt.datetime(2026, 8, 15, 10, tzinfo=dt.UTC)
    for number in range(count):
        text, verdict = flagged[number % len(flagged)]
        post = Post(
            source="x", id=f"i{number}", text=text, created_at=created, author=Author(handle=f"h{number % 997}")
        )
        yield Item(post=post, verdict=verdict, judged_at=created)
