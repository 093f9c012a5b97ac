"""Reads `[dead-letters]`, and sends what is chosen from it back to where it came from.

Replaying is safe: documents have one identity and rising versions, so what arrives twice changes nothing. A dead letter
stays where it is until its retention ends; one that is still no good comes back as a new dead letter.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import InvalidInput
from pipeline.settings import Settings
from pipeline.topic_reader import Bounds, TopicReader
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS


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


class DeadLetterReader(TopicReader):
    """Reads the topic of dead letters; a context. Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, DEAD_LETTERS)

    def read(self, bounds: Bounds) -> Iterator[Stored]:
        """Every dead letter within ``bounds``, each partition's in order."""
        return map(_stored, self.records(bounds))

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
