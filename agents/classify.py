"""Runs the classify stage: `[posts]` → `[flagged]`, `[outcomes]`. Start with ``faust -A agents.classify worker``."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import AsyncExitStack

from agents.kafka_producer import KafkaProducer
from agents.stage_app import stage_app
from pipeline.classify.judge import Judge
from pipeline.classify.stage import ClassifyStage
from pipeline.classify.takeover import took_over_at
from pipeline.settings import Settings


async def _make(settings: Settings, producer: KafkaProducer, _resources: AsyncExitStack) -> ClassifyStage:
    judge = await asyncio.to_thread(Judge.load, settings, explain_chatter=False)
    model, activation = judge.classifier.model, judge.classifier.activation
    since = await asyncio.to_thread(took_over_at, settings, model, activation, dt.datetime.now(dt.UTC))
    return ClassifyStage(judge, producer, settings.chatter_sample, took_over_at=since)


app = stage_app("classify", lambda settings: settings.classify_batch, _make)
