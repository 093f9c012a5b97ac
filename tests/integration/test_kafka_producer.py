"""The agents' producer on a real Kafka keeps what `pipeline.message.Producer` promises."""

from __future__ import annotations

import time

import pytest

from agents import kafka_producer
from agents.kafka_producer import KafkaProducer
from deploy.local.stack import Stack
from pipeline.errors import KafkaUnavailable, NotSetUp
from pipeline.message import NotAcknowledged, Outgoing, RecordTooLarge, send_in_order
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas.topics import DEAD_LETTERS, FLAGGED, POSTS

pytestmark = pytest.mark.integration

SOON = 3.0


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no broker acknowledges is given up after `SOON` seconds: the tests wait for it."""
    monkeypatch.setattr(kafka_producer, "ACKNOWLEDGED_WITHIN", SOON)


async def test_what_is_acknowledged_is_there_in_order_with_its_headers(ready: Settings) -> None:
    producer = await KafkaProducer.start(ready)
    try:
        records = [Outgoing(DEAD_LETTERS, b"key", b"%d" % n, [("h", b"\xff")]) for n in range(100)]
        assert await send_in_order(producer, records) == [None] * 100
    finally:
        await producer.stop()
    records = list(read_topic(ready, DEAD_LETTERS))
    assert [record.value for record in records] == [b"%d" % n for n in range(100)]
    assert records[0].headers == [("h", b"\xff")]


async def test_a_record_beyond_its_topics_limit_is_refused_at_once(ready: Settings) -> None:
    producer = await KafkaProducer.start(ready)
    try:
        await (await producer.send(Outgoing(FLAGGED, b"k", b"x" * (FLAGGED.max_bytes - 1000))))
        with pytest.raises(RecordTooLarge):
            await producer.send(Outgoing(POSTS, b"k", b"x" * (POSTS.max_bytes + 1)))
    finally:
        await producer.stop()


async def test_a_missing_topic_is_named(settings: Settings, soon: None) -> None:
    producer = await KafkaProducer.start(settings)
    try:
        with pytest.raises((NotSetUp, NotAcknowledged)):
            await (await producer.send(Outgoing(POSTS, b"k", b"v")))
    finally:
        await producer.stop()


async def test_nobody_there_is_said(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with pytest.raises(KafkaUnavailable, match=r"127\.0\.0\.1:1"):
        await KafkaProducer.start(nowhere)


async def test_a_stopped_kafka_does_not_acknowledge(ready: Settings, stack: Stack, soon: None) -> None:
    producer = await KafkaProducer.start(ready)
    try:
        stack.down(only="kafka")
        began = time.monotonic()
        sent = await send_in_order(producer, [Outgoing(FLAGGED, b"k", b"%d" % n) for n in range(50)])
        assert all(isinstance(one, NotAcknowledged) for one in sent)
        assert time.monotonic() - began < 10 * SOON, "they are waited for together"
    finally:
        stack.up(only="kafka")
        await producer.stop()
