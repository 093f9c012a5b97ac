"""Reads what a topic holds right now, without a consumer group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from pipeline.errors import KafkaUnavailable, NotSetUp
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.settings import Settings
from schemas.topics import Topic

_PATIENCE_MS = 15_000
"""Longest wait for the next records of a topic that must still have some."""


def read_topic(settings: Settings, topic: Topic) -> Iterator[Any]:
    """Every record from the topic's beginning to the end it has at the call; kafka-python's ConsumerRecord, raw bytes.

    Raises `KafkaUnavailable`, `AccessRefused`, and `NotSetUp` when the topic is missing.
    """
    name = settings.named(topic.name)
    with kafka_errors_explained(settings):
        consumer = KafkaConsumer(
            **kafka_python_options(settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        try:
            partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
            if not partitions:
                raise NotSetUp(f"Kafka has no topic {name}.", "Run `flagpost setup`.")
            ends = consumer.end_offsets(partitions)
            beginnings = consumer.beginning_offsets(partitions)
            open_ = {one for one in partitions if beginnings[one] < ends[one]}
            consumer.assign(list(open_))
            for one in open_:
                consumer.seek(one, beginnings[one])
            while open_:
                found = consumer.poll(timeout_ms=_PATIENCE_MS)
                if not found:
                    raise KafkaUnavailable(f"Kafka at {settings.bootstrap()} stopped answering.", "Try again.")
                for partition, records in found.items():
                    yield from (record for record in records if record.offset < ends[partition])
                    if consumer.position(partition) >= ends[partition]:
                        open_.discard(partition)
                        consumer.pause(partition)
        finally:
            consumer.close()


def count_records(settings: Settings, topic: Topic) -> int:
    """Records that the topic holds: ends less beginnings. Raises as `read_topic`."""
    name = settings.named(topic.name)
    with kafka_errors_explained(settings):
        consumer = KafkaConsumer(**kafka_python_options(settings), group_id=None, enable_auto_commit=False)
        try:
            partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
            if not partitions:
                raise NotSetUp(f"Kafka has no topic {name}.", "Run `flagpost setup`.")
            ends, beginnings = consumer.end_offsets(partitions), consumer.beginning_offsets(partitions)
            return sum(ends[one] - beginnings[one] for one in partitions)
        finally:
            consumer.close()
