"""Reads what a topic holds at one moment, without a consumer group."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from pipeline.errors import KafkaUnavailable, NotSetUp
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options, require_visible
from pipeline.settings import Settings
from schemas.topics import Topic

SILENCE_SECONDS: Final = 20.0
"""Without a record for so long, though there are some, Kafka counts as unavailable."""

POLL_MILLISECONDS: Final = 500

Bounds = Mapping[int, tuple[int, int]]
"""Partition → its first and next offset at one moment. What comes later is not read."""


def connect(settings: Settings, **options: Any) -> Any:
    """A consumer without a group; ``options`` are kafka-python's own. Raises `KafkaUnavailable` or `AccessRefused`."""
    with kafka_errors_explained(settings):
        return KafkaConsumer(
            **kafka_python_options(settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",  # what a page worker took back was never said
            allow_auto_create_topics=False,
            **options,
        )


class TopicReader:
    """Reads one topic; a context. Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`.

    ``consumer`` is lent where several readers of one thread share one (`connect`): it stays open. ``patience`` is in
    seconds, see `SILENCE_SECONDS`.
    """

    def __init__(
        self, settings: Settings, topic: Topic, consumer: Any = None, patience: float = SILENCE_SECONDS
    ) -> None:
        self._settings = settings
        self._topic = settings.named(topic.name)
        self._lent = consumer is not None
        self._patience = patience
        self._consumer = consumer if self._lent else connect(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._lent:
            self._consumer.close()

    def bounds(self) -> Bounds:
        """What the topic holds now."""
        with kafka_errors_explained(self._settings):
            partitions = [TopicPartition(self._topic, number) for number in sorted(self._partitions())]
            begin = self._consumer.beginning_offsets(partitions)
            end = self._consumer.end_offsets(partitions)
        return {partition.partition: (begin[partition], end[partition]) for partition in partitions}

    def offset_at(self, partition: int, moment: dt.datetime) -> int:
        """The first record of ``partition`` that came at ``moment`` or later; its next offset where none did."""
        place = TopicPartition(self._topic, partition)
        with kafka_errors_explained(self._settings):
            self._partitions()
            milliseconds = max(int(moment.timestamp() * 1000), 0)
            found = self._consumer.offsets_for_times({place: milliseconds})[place]
            offset: int = found.offset if found else self._consumer.end_offsets([place])[place]
        return offset

    def first_since(self, moment: dt.datetime, bounds: Bounds) -> dict[int, int]:
        """Partition → the first offset within ``bounds`` whose record is not older than ``moment``, or its end."""
        moments = {TopicPartition(self._topic, number): max(moment.timestamp() * 1000, 0) for number in bounds}
        with kafka_errors_explained(self._settings):
            found = self._consumer.offsets_for_times(moments) if moments else {}
        first = {partition.partition: answer.offset for partition, answer in found.items() if answer is not None}
        return {number: min(max(first.get(number, end), begin), end) for number, (begin, end) in bounds.items()}

    def records(self, bounds: Bounds) -> Iterator[Any]:
        """Every record within ``bounds``, each partition's in order, holding one fetch of them at a time.

        Records are kafka-python's ConsumerRecord with raw bytes.
        """
        ends = {TopicPartition(self._topic, number): end for number, (begin, end) in bounds.items() if begin < end}
        if not ends:
            return
        with kafka_errors_explained(self._settings):
            self._partitions()  # or a topic that we may not see would be waited for in vain
            self._consumer.assign(list(ends))
            for partition in ends:
                self._consumer.seek(partition, bounds[partition.partition][0])
        heard = time.monotonic()
        while ends:
            with kafka_errors_explained(self._settings):
                fetched = self._consumer.poll(timeout_ms=POLL_MILLISECONDS)
                done = [partition for partition, end in ends.items() if self._consumer.position(partition) >= end]
            for partition, records in fetched.items():
                yield from (record for record in records if record.offset < ends.get(partition, 0))
            for partition in done:
                del ends[partition]
            if done and ends:
                self._consumer.assign(list(ends))  # what was fetched beyond an end is not decoded
            heard = time.monotonic() if fetched or done else heard
            if time.monotonic() - heard > self._patience:
                raise KafkaUnavailable(
                    f"Kafka at {self._settings.bootstrap()} stopped giving records of {self._topic}.",
                    "Look at the brokers' health, then try again.",
                )

    def _partitions(self) -> set[int]:
        """Numbers of the topic's partitions. Raises `NotSetUp`, or Kafka's own refusal."""
        numbers: set[int] = self._consumer.partitions_for_topic(self._topic)
        if numbers:
            return numbers
        admin = KafkaAdminClient(**kafka_python_options(self._settings))
        try:
            require_visible(admin, [self._topic])
        finally:
            admin.close()
        raise NotSetUp(f"Kafka at {self._settings.bootstrap()} has no topic {self._topic}.", "Run `flagpost setup`.")


def read_topic(settings: Settings, topic: Topic) -> Iterator[Any]:
    """Every record that the topic holds now. Raises as `TopicReader`."""
    with TopicReader(settings, topic) as reader:
        yield from reader.records(reader.bounds())
