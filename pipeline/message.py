"""A Kafka record as stages see it, and the way back to Kafka."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.topics import Topic

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """One record of a topic, raw. ``timestamp`` is Kafka's."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: dt.datetime
    headers: Headers = ()

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset: what names this record and no other."""
        return self.topic, self.partition, self.offset


class RecordTooLarge(Exception):
    """The record is larger than its topic takes. Sending it again can't help."""


class NotAcknowledged(Exception):
    """The brokers did not acknowledge a record in time. It may or may not be there; sending it again is safe."""


class Producer(Protocol):
    """Sends records to Kafka with acks=all."""

    async def send(self, topic: Topic, key: bytes | None, value: bytes, headers: Headers = ()) -> Awaitable[None]:
        """Takes the record in and returns an awaitable that ends when every in-sync replica has it.

        Records of one key keep the order of these calls. Raises `RecordTooLarge` at once; the awaitable raises
        `RecordTooLarge` or `NotAcknowledged`.
        """
        ...
