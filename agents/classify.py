"""Runs the classify stage: `[posts]` → `[flagged]`, `[outcomes]`. Start with ``faust -A agents.classify worker``."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from agents.kafka_producer import KafkaProducer
from agents.stage_app import stage_app
from pipeline.classify.judge import Judge
from pipeline.classify.stage import ClassifyStage
from pipeline.settings import Settings
from schemas.topics import POSTS


async def _make(settings: Settings, producer: KafkaProducer, _resources: AsyncExitStack) -> ClassifyStage:
    judge = await asyncio.to_thread(Judge.load, settings)
    return ClassifyStage(judge, producer, settings.chatter_sample)


app = stage_app("classify", POSTS, lambda settings: settings.classify_batch, _make)
