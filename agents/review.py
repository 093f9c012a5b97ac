"""Runs the review stage: `[reviews]` → `[flagged]`, `[audit]`. Start with ``faust -A agents.review worker``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Final

from agents.kafka_producer import KafkaProducer
from agents.stage_app import stage_app
from pipeline.review.log import PARTITION, Record, ReviewLog
from pipeline.review.stage import ReviewStage
from pipeline.settings import Settings

BATCH: Final = 100


async def _make(settings: Settings, producer: KafkaProducer, _resources: AsyncExitStack) -> ReviewStage:
    def read(begin: int, end: int) -> Iterator[Record]:
        with ReviewLog(settings) as log:
            yield from ((one.offset, one.value) for one in log.records({PARTITION: (begin, end)}))

    return ReviewStage(read, producer)


app = stage_app("review", lambda _settings: BATCH, _make)
