"""Sends the few records of a command to Kafka, and waits until they are there."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.errors import KafkaUnavailable
from pipeline.kafka_clients import explain, kafka_errors_explained, kafka_python_options, topic_ids
from pipeline.message import Outgoing
from pipeline.settings import Settings

ACKNOWLEDGED_SECONDS: Final = 10.0

KNOWN_SECONDS = 3.0
"""Within so long a broker that answers knows the topic, or it is looked for (`pipeline.kafka_clients.topic_ids`)."""

_HEADROOM: Final = 4096


def send(
    settings: Settings,
    records: Sequence[Outgoing],
    afterwards: str,
    seconds: float = ACKNOWLEDGED_SECONDS,
    partition: int | None = None,
) -> list[int]:
    """The records' offsets, once every in-sync replica has them. Raises as `sent`."""
    return [one.offset for one in sent(settings, records, afterwards, seconds, partition)]


def sent(
    settings: Settings,
    records: Sequence[Outgoing],
    afterwards: str,
    seconds: float = ACKNOWLEDGED_SECONDS,
    partition: int | None = None,
) -> list[Any]:
    """kafka-python's RecordMetadata of the records, once every in-sync replica has them. Each call has a producer of its
    own: such records are few, and a producer that Kafka once failed can't be relied on any more (see
    pipeline/ingest/renewing.py).

    Raises `NotSetUp`, `AccessRefused`, or `KafkaUnavailable` when they were not acknowledged within ``seconds``: then they
    may be there or not, and ``afterwards``, a sentence, says what to do about that.
    """
    if not records:
        return []
    with kafka_errors_explained(settings):
        producer: Any = KafkaProducer(
            **kafka_python_options(settings),
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            max_request_size=max(record.topic.max_bytes for record in records) + _HEADROOM,
            max_block_ms=int(KNOWN_SECONDS * 1000),
            delivery_timeout_ms=int(seconds * 1000),
            request_timeout_ms=int(seconds * 800),
            metrics_enabled=False,
        )
    try:
        futures = [_taken_in(producer, settings, record, partition) for record in records]
        return [future.get(timeout=seconds) for future in futures]
    except kafka_errors.KafkaError as error:
        meaning = explain(error, settings.bootstrap())
        if isinstance(meaning, KafkaUnavailable):
            meaning.hint = f"{meaning.hint} {afterwards}"
        raise meaning from None
    finally:
        producer.close(timeout=1)


def _taken_in(producer: Any, settings: Settings, record: Outgoing, partition: int | None) -> Any:
    """The future of the record's acknowledgement. Raises `NotSetUp` where its topic is missing, and Kafka's errors."""
    topic = settings.named(record.topic.name)
    try:
        return producer.send(
            topic, key=record.key, value=record.value, headers=list(record.headers), partition=partition
        )
    except kafka_errors.KafkaTimeoutError:  # all that it tells of a topic that is missing
        with contextlib.suppress(KafkaUnavailable):
            topic_ids(settings, [topic])
        raise
