"""Reads `[dead-letters]`, and sends what is chosen from it back to where it came from.

Replaying is safe: documents have one identity and rising versions, so what arrives twice changes nothing. A dead letter
stays where it is until its retention ends; one that is still no good comes back as a new dead letter.
"""

from __future__ import annotations

import datetime as dt
import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from pipeline.errors import InvalidInput, KafkaUnavailable, NotSetUp
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.settings import Settings
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS

SILENCE_SECONDS: Final = 20.0
"""Without a record for so long, though there are some, Kafka counts as unavailable."""

POLL_MILLISECONDS: Final = 500


@dataclass(frozen=True, slots=True, order=True)
class LetterId:
    """``partition:offset`` on the topic of dead letters."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> LetterId:
        """Raises `InvalidInput`."""
        partition, colon, offset = text.strip().partition(":")
        if not (colon and all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (partition, offset))):
            raise InvalidInput(
                f"{text!r} is not the id of a dead letter.",
                "Ids look like 2:17; `flagpost dead-letters list` shows them.",
            )
        return cls(int(partition), int(offset))


@dataclass(frozen=True, slots=True)
class Stored:
    """One dead letter as it is stored: why and whence, and the original's bytes."""

    id: LetterId
    stored_at: dt.datetime
    letter: DeadLetter
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]] = field(default=())

    @property
    def whence(self) -> str:
        """Where the original stood: a topic's partition and offset, or a file's line."""
        letter = self.letter
        if letter.topic is not None:
            return f"{letter.topic} {letter.partition}:{letter.offset}"
        return letter.origin or "unknown"


Bounds = Mapping[int, tuple[int, int]]
"""Partition → its first and next offset at one moment. What comes later is not read."""


class DeadLetterReader:
    """Reads the topic of dead letters without a consumer group; a context.

    Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = settings.named(DEAD_LETTERS.name)
        with kafka_errors_explained(settings):
            self._consumer: Any = KafkaConsumer(
                **kafka_python_options(settings),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
            )

    def __enter__(self) -> DeadLetterReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def bounds(self) -> Bounds:
        """What the topic holds now."""
        with kafka_errors_explained(self._settings):
            numbers = self._consumer.partitions_for_topic(self._topic)
            if not numbers:
                raise NotSetUp(
                    f"Kafka at {self._settings.bootstrap()} has no topic {self._topic}.", "Run `flagpost setup`."
                )
            partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
            begin = self._consumer.beginning_offsets(partitions)
            end = self._consumer.end_offsets(partitions)
        return {partition.partition: (begin[partition], end[partition]) for partition in partitions}

    def read(self, bounds: Bounds) -> Iterator[Stored]:
        """Every dead letter within ``bounds``, each partition's in order, holding one fetch of them at a time."""
        ends = {TopicPartition(self._topic, number): end for number, (begin, end) in bounds.items() if begin < end}
        if not ends:
            return
        with kafka_errors_explained(self._settings):
            self._consumer.assign(list(ends))
            for partition in ends:
                self._consumer.seek(partition, bounds[partition.partition][0])
        heard = time.monotonic()
        while ends:
            with kafka_errors_explained(self._settings):
                fetched = self._consumer.poll(timeout_ms=POLL_MILLISECONDS)
            for partition, records in fetched.items():
                yield from (_stored(record) for record in records if record.offset < ends.get(partition, 0))
            with kafka_errors_explained(self._settings):
                done = [partition for partition, end in ends.items() if self._consumer.position(partition) >= end]
            for partition in done:
                del ends[partition]
            heard = time.monotonic() if fetched or done else heard
            if time.monotonic() - heard > SILENCE_SECONDS:
                raise KafkaUnavailable(
                    f"Kafka at {self._settings.bootstrap()} stopped giving records of {self._topic}.",
                    "Look at the brokers' health, then try again.",
                )

    def newest(self, limit: int, chosen: Callable[[Stored], bool] | None = None) -> tuple[list[Stored], int]:
        """The newest ``limit`` of those ``chosen``, newest first, and how many were chosen in all."""
        bounds = self.bounds()
        total = sum(end - begin for begin, end in bounds.values())
        if chosen is None:
            # The newest of all are among the last of each partition: no need to read the rest.
            bounds = {number: (max(begin, end - limit), end) for number, (begin, end) in bounds.items()}
        count = 0
        heap: list[tuple[dt.datetime, LetterId, Stored]] = []
        for stored in self.read(bounds):
            if chosen is not None and not chosen(stored):
                continue
            count += 1
            heapq.heappush(heap, (stored.stored_at, stored.id, stored))
            if len(heap) > limit:
                heapq.heappop(heap)
        return [stored for *_, stored in sorted(heap, reverse=True)], total if chosen is None else count

    def one(self, wanted: LetterId) -> Stored:
        """The dead letter ``wanted``. Raises `InvalidInput` when it is not there (any more)."""
        bounds = self.bounds()
        begin, end = bounds.get(wanted.partition, (0, 0))
        if begin <= wanted.offset < end:
            for stored in self.read({wanted.partition: (wanted.offset, wanted.offset + 1)}):
                return stored
        raise InvalidInput(
            f"There is no dead letter {wanted} (any more).",
            "`flagpost dead-letters list` shows those that are there; Kafka keeps them for a limited time.",
        )


def _stored(record: Any) -> Stored:
    headers = [(name, value or b"") for name, value in record.headers or ()]
    return Stored(
        id=LetterId(record.partition, record.offset),
        stored_at=dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC),
        letter=DeadLetter.from_headers(headers),
        key=record.key,
        value=record.value or b"",
        headers=headers,
    )
