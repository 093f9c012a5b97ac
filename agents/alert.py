"""Runs the alert stage: `[flagged]` → `[alert-candidates]`. Start with ``faust -A agents.alert worker``."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from agents.kafka_producer import KafkaProducer
from agents.stage_app import stage_app
from pipeline.alert.in_force import RulesInForce
from pipeline.alert.likeness import likeness
from pipeline.alert.stage import AlertStage
from pipeline.settings import Settings

BATCH: Final = 500
"""Most items that are matched in one batch: some 0.1 s of work."""


async def _make(settings: Settings, producer: KafkaProducer, _resources: AsyncExitStack) -> AlertStage:
    await asyncio.to_thread(likeness, "its library takes a second to load, and no page shall wait for that")
    return AlertStage(RulesInForce(settings.rules).current, producer)


app = stage_app("alert", lambda _settings: BATCH, _make)
