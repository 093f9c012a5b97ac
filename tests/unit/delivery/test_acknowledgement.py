"""When a record counts as Kafka's: by what the clients are asked for, and by whose word is waited for."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from aiokafka.errors import NotEnoughReplicasError

from agents.kafka_producer import KafkaProducer
from pipeline.ingest.publish import KafkaPublisher
from pipeline.message import NotAcknowledged, Outgoing
from pipeline.settings import Settings
from schemas.topics import FLAGGED

RECORD = Outgoing(FLAGGED, b"x:1", b"{}")
NAMED = Settings(kafka_bootstrap="brokers.example:9092")


class Client:
    """Stands for either client library's producer: keeps what it was made with, and answers when the test does."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.answers: list[asyncio.Future[None]] = []

    async def start(self) -> None:
        pass

    async def send(self, *_: Any, **__: Any) -> asyncio.Future[None]:
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]

    def partitions_for(self, topic: str) -> set[int]:
        return {0}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """Every client that was made, in order."""
    made: list[Client] = []

    def make(**options: Any) -> Client:
        made.append(Client(**options))
        return made[-1]

    monkeypatch.setattr("agents.kafka_producer.AIOKafkaProducer", make)
    monkeypatch.setattr("pipeline.ingest.publish.KafkaProducer", make)
    monkeypatch.setattr("pipeline.ingest.publish.kafka_errors_explained", lambda _: contextlib.nullcontext())
    monkeypatch.setattr("pipeline.ingest.publish.topic_ids", lambda _, names: dict.fromkeys(names, "T1"))
    return made


def asks_every_replica_and_repeats_nothing(client: Client) -> bool:
    return client.options["acks"] == "all" and client.options["enable_idempotence"] is True


async def test_the_workers_producer_asks_every_replica_and_repeats_nothing(clients: list[Client]) -> None:
    await KafkaProducer.start(NAMED)
    assert asks_every_replica_and_repeats_nothing(*clients)


def test_the_publisher_asks_every_replica_and_repeats_nothing(clients: list[Client]) -> None:
    KafkaPublisher(NAMED)
    assert asks_every_replica_and_repeats_nothing(*clients)


async def test_a_record_is_sent_when_the_brokers_say_so_and_not_before(clients: list[Client]) -> None:
    producer = await KafkaProducer.start(NAMED)
    acknowledged = asyncio.ensure_future(await producer.send(RECORD))
    done, _ = await asyncio.wait({acknowledged}, timeout=0.05)
    assert not done
    clients[0].answers[0].set_result(None)
    await acknowledged


async def test_a_record_that_the_brokers_refuse_is_not_acknowledged(clients: list[Client]) -> None:
    producer = await KafkaProducer.start(NAMED)
    acknowledged = await producer.send(RECORD)
    clients[0].answers[0].set_exception(NotEnoughReplicasError())
    with pytest.raises(NotAcknowledged, match="NotEnoughReplicas"):
        await acknowledged
