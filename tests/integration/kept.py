"""What has been kept for long: items, tombstones and holds as years of work leave them, and what is left of them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer

from pipeline.elasticsearch_client import connect
from pipeline.index.document import document_of
from pipeline.lag import group_of
from pipeline.retention.hold_book import HoldBook
from pipeline.settings import Settings
from schemas import codec
from schemas.hold import Hold
from schemas.identity import document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.mapping import ITEMS
from tests.found import hits, records
from tests.messages import item, post
from tests.servers import Flagpost
from tests.waiting import wait_for

NOW = dt.datetime.now(dt.UTC)
YEAR = {"FLAGPOST_RETAIN_ITEMS_DAYS": "365"}


def ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def judged(id: str, days: float, **fields: Any) -> Item:
    """An item that came in and was judged so long ago."""
    return item(post=post(id, created_at=ago(days), **fields), judged_at=ago(days))


def deleted(id: str, days: float) -> Withdrawn:
    moment = ago(days)
    return Withdrawn(source="x", id=id, reason="deleted", revision=moment, withdrawn_at=moment, activation=1)


def send(settings: Settings, topic: str, *values: Any, days: float = 0) -> None:
    """Sends records that Kafka has had for so long."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
    for value in values:
        at = int(ago(days).timestamp() * 1000)
        producer.send(settings.named(topic), codec.encode(value), key=value.uid.encode(), timestamp_ms=at)
    producer.flush()
    producer.close()


def store(settings: Settings, record: Item | Withdrawn, days: float) -> None:
    """Stores a document as the index worker has it stored so long ago."""
    with connect(settings) as client:
        client.index(
            index=settings.named(ITEMS.write_alias),
            id=document_id(record.source, record.id),
            document=json.loads(codec.encode(document_of(record, ago(days)))),
            version=version_of(record),
            version_type="external_gte",
            refresh=True,
        )


def forget_deletes_at_once(settings: Settings) -> None:
    """Elasticsearch remembers the version of what it deleted for a minute, and would refuse a replay that comes sooner."""
    with connect(settings) as client:
        client.indices.put_settings(index=settings.named(ITEMS.name), settings={"index.gc_deletes": "1ms"})


def lose_all(settings: Settings) -> None:
    """Leaves no document in the index, as one that is made anew has none."""
    with connect(settings) as client:
        for one in hits(settings, ITEMS.write_alias):
            client.delete(index=settings.named(ITEMS.write_alias), id=one["_id"], refresh=True)


def replay(settings: Settings, *stages: str) -> None:
    """Makes the stages begin again with the first record of their topics. Kafka refuses while a worker is in its group."""
    groups = {settings.named(group_of(stage)) for stage in stages}
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        assert groups <= {one["group_id"] for one in admin.list_groups()}

        def forgotten() -> bool:
            there = groups & {one["group_id"] for one in admin.list_groups()}
            return set(admin.delete_groups(sorted(there)).values()) == {"OK"} if there else True

        wait_for(forgotten, "every worker has left its group")
    finally:
        admin.close()


def found(settings: Settings) -> dict[str, str]:
    """Post id → its text, or ``tombstone``, of everything in the index."""
    sources = [hit["_source"] for hit in hits(settings, ITEMS.write_alias)]
    return {one["flagpost"]["post_id"]: one.get("message", "tombstone") for one in sources}


def audit_of(settings: Settings, act: str) -> list[dict[str, Any]]:
    lines = [json.loads(record.value) for record in records(settings, "audit")]
    return [line for line in lines if line["act"] == act]


def retained(flagpost: Flagpost, *arguments: str) -> dict[str, Any]:
    ran = flagpost("retain", "--json", *arguments)
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    told["steps"] = {step.pop("what"): step for step in told["steps"]}
    return told


def counts(told: dict[str, Any], what: str) -> tuple[int, int, int]:
    step = told["steps"][what]
    return step["found"], step["deleted"], step["spared"]


def hold(id: str, why: str, **fields: Any) -> Hold:
    return Hold(**{"item": judged(id, 4), "by": "j.doyle", "at": ago(3), "why": why, **fields})


def held(settings: Settings) -> dict[str, tuple[str, str, Item, Item | Withdrawn | None]]:
    return {uid: (one.by, one.why, one.item, one.latest) for uid, one in HoldBook(settings).look().items()}
