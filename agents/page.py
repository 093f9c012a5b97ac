"""Runs the page stage: `[alert-candidates]`, `[alert-actions]` → `[alerts]` and people. Start with
``faust -A agents.page worker``.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from agents.fenced_producer import FencedProducer
from agents.kafka_producer import KafkaProducer
from agents.stage_app import stage_app
from pipeline.alert.in_force import RulesInForce
from pipeline.page.channels import open_channel
from pipeline.page.links import Links
from pipeline.page.read import read_alerts
from pipeline.page.sender import Sender
from pipeline.page.stage import PageStage
from pipeline.page.writer import WRITER, Writer
from pipeline.settings import Settings
from pipeline.watch.watch import Watch
from schemas.alert import Alert

BATCH: Final = 200
"""Most candidates and actions of one transaction: what comes of them all stays far below a request's limit."""


async def _make(settings: Settings, _producer: KafkaProducer, resources: AsyncExitStack) -> PageStage:
    async def open_writer() -> Writer:
        return await FencedProducer.start(settings, WRITER)

    async def read() -> list[Alert]:
        return await asyncio.to_thread(read_alerts, settings)

    rules = RulesInForce(settings.rules)
    links = Links.of(settings)
    watch = Watch(settings, rules.current, problem=lambda: rules.problem)
    resources.push_async_callback(watch.close)
    stage = PageStage(
        rules=rules.current,
        open_writer=open_writer,
        read=read,
        sender=lambda woken: Sender(open_channel, links, woken=woken),
        watch=watch,
    )
    resources.push_async_callback(stage.close)
    return stage


app = stage_app("page", lambda _settings: BATCH, _make)
