"""What a stage writes to Kafka with: aiokafka's own idempotent producer, which costs a third of Faust's `send`."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Iterator
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from pipeline.errors import AccessRefused, KafkaUnavailable, NotSetUp
from pipeline.message import NotAcknowledged, Outgoing, RecordTooLarge
from pipeline.settings import Settings
from schemas.topics import TOPICS

ACKNOWLEDGED_WITHIN: Final = 15.0
"""Seconds from `KafkaProducer.send` until a record that no broker acknowledged counts as not acknowledged."""

STOP_WITHIN: Final = 3.0
"""Seconds that the end of a process waits for records under way; what was not acknowledged is delivered again anyway."""


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """For brokers that are reached over TLS; None where they are not."""
    if settings.kafka_security_protocol not in ("SSL", "SASL_SSL"):
        return None
    return ssl.create_default_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)


def producer_options(settings: Settings) -> dict[str, Any]:
    """How any producer of ours reaches Kafka, and what it asks of it, as keyword arguments of aiokafka's."""
    password = settings.kafka_password
    return {
        "bootstrap_servers": settings.bootstrap(),
        "client_id": "flagpost",
        "acks": "all",
        "max_request_size": max(topic.max_bytes for topic in TOPICS.values()),
        "max_batch_size": 256 * 1024,
        "request_timeout_ms": int(ACKNOWLEDGED_WITHIN * 1000),
        "security_protocol": settings.kafka_security_protocol,
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_username,
        "sasl_plain_password": password.get_secret_value() if password else None,
        "ssl_context": ssl_context(settings),
    }


@contextlib.contextmanager
def connecting(settings: Settings) -> Iterator[None]:
    """Turns aiokafka's errors while a producer starts into `KafkaUnavailable` or `AccessRefused`."""
    try:
        yield
    except KafkaError as error:
        if "auth" in type(error).__name__.lower():
            raise AccessRefused(
                f"Kafka at {settings.bootstrap()} refused the user name or password.",
                "Correct FLAGPOST_KAFKA_USERNAME and FLAGPOST_KAFKA_PASSWORD.",
            ) from None
        raise KafkaUnavailable(
            f"Nobody answers as Kafka at {settings.bootstrap()}.",
            "Start it (`flagpost local up`) or set FLAGPOST_KAFKA_BOOTSTRAP to your brokers.",
        ) from None


class KafkaProducer:
    """`pipeline.message.Producer` on a real Kafka."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._producer = producer
        self._settings = settings

    @classmethod
    async def start(cls, settings: Settings) -> KafkaProducer:
        """Connects. Raises `KafkaUnavailable` or `AccessRefused`."""
        producer = AIOKafkaProducer(**producer_options(settings), enable_idempotence=True, linger_ms=5)
        with connecting(settings):
            try:
                await producer.start()
            except KafkaError:
                await producer.stop()
                raise
        return cls(producer, settings)

    async def send(self, record: Outgoing) -> Awaitable[None]:
        name = self._settings.named(record.topic.name)
        if len(record.value or b"") + len(record.key or b"") > record.topic.max_bytes:
            raise RecordTooLarge
        deadline = asyncio.get_running_loop().time() + ACKNOWLEDGED_WITHIN
        with explained(name):
            # Waits for the topic's metadata and for room in the buffer.
            async with asyncio.timeout_at(deadline):
                future = await self._producer.send(
                    name, value=record.value, key=record.key, headers=list(record.headers)
                )
        return _acknowledged(future, name, deadline)

    async def stop(self) -> None:
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_WITHIN):
                await self._producer.stop()


async def _acknowledged(future: asyncio.Future[Any], name: str, deadline: float) -> None:
    """``deadline`` in the loop's time. An idempotent aiokafka producer itself tries for ever."""
    with explained(name):
        async with asyncio.timeout_at(deadline):
            await asyncio.shield(future)


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Turns aiokafka's errors about the topic ``name`` into ours."""
    try:
        yield
    except TimeoutError:
        raise NotAcknowledged(f"not within {ACKNOWLEDGED_WITHIN:g} s") from None
    except (MessageSizeTooLargeError, RecordTooLargeError):
        # What our own bound lets through fits a topic that setup has made. The broker refuses a batch as a whole, so this
        # says nothing of a single record.
        raise NotSetUp(
            f"The topic {name} takes smaller records than flagpost sends.", "Run `flagpost setup`."
        ) from None
    except UnknownTopicOrPartitionError:
        raise NotSetUp(f"Kafka has no topic {name}.", "Run `flagpost setup`.") from None
    except TopicAuthorizationFailedError:
        raise AccessRefused(f"This user may not write to the topic {name}.", "Give it the stage's rights.") from None
    except KafkaError as error:
        raise NotAcknowledged(type(error).__name__) from None
