"""Runs the index stage: `[flagged]`, `[alerts]`, `[audit]` → Elasticsearch. Start with ``faust -A agents.index worker``."""

from __future__ import annotations

from contextlib import AsyncExitStack

from agents.kafka_producer import KafkaProducer
from agents.stage_app import stage_app
from pipeline.circle import Circle
from pipeline.elasticsearch_client import connect_async
from pipeline.entities.gazetteer import gazetteer
from pipeline.index.bulk import BulkWriter
from pipeline.index.stage import IndexStage, check_mapping
from pipeline.retention.age import Ages
from pipeline.retention.hold_book import HoldBook
from pipeline.settings import Settings
from schemas.mapping import ALERTS, AUDIT, ITEMS


async def _make(settings: Settings, _producer: KafkaProducer, resources: AsyncExitStack) -> IndexStage:
    client = connect_async(settings)
    resources.push_async_callback(client.close)
    await check_mapping(client, settings)
    gazetteer()  # read now, and not in the first batch
    writer = BulkWriter(client, settings.named(ITEMS.write_alias))
    return IndexStage(
        writer,
        alerts_alias=settings.named(ALERTS.write_alias),
        audit_alias=settings.named(AUDIT.write_alias),
        ages=Ages.of(settings),
        held=HoldBook(settings).held,
        area=Circle.read(settings.area) if settings.area else None,
    )


app = stage_app("index", lambda settings: settings.index_batch, _make, within=lambda settings: settings.index_within)
