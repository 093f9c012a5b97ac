"""A Kafka record as stages see it, and the way back to Kafka."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.topics import Topic

Headers = Sequence[tuple[str, bytes]]
Place = tuple[str, int, int]
"""Topic, partition and offset: what names one record and no other."""


@dataclass(frozen=True, slots=True)
class Message:
    """One record of a topic, raw. ``timestamp`` is Kafka's."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: dt.datetime

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset


class RecordTooLarge(Exception):
    """The record is larger than its topic takes. Sending it again can't help."""


class NotAcknowledged(Exception):
    """The brokers did not acknowledge a record in time. It may or may not be there; sending it again is safe."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record on its way to Kafka. Without a value it takes away what its key meant in a compacted topic."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Producer(Protocol):
    """Sends records to Kafka with acks=all."""

    async def send(self, record: Outgoing) -> Awaitable[None]:
        """Takes the record in and returns an awaitable that ends when every in-sync replica has it.

        Records of one key keep the order of these calls. Both the call and the awaitable raise `RecordTooLarge` or
        `NotAcknowledged`, each within seconds.
        """
        ...


Sent = None | RecordTooLarge | NotAcknowledged
"""What became of a record: None when it was acknowledged."""


async def send_in_order(producer: Producer, records: Sequence[Outgoing]) -> list[Sent]:
    """Sends the records in order and waits for all of them; says for each what became of it.

    Behind one that was not taken in nothing more is sent: it would overtake.
    """
    sent: list[Sent] = [None] * len(records)
    waiting: dict[int, Awaitable[None]] = {}
    for index, record in enumerate(records):
        try:
            waiting[index] = await producer.send(record)
        except RecordTooLarge as refusal:
            sent[index] = refusal
        except NotAcknowledged as refusal:
            sent[index:] = [refusal] * (len(records) - index)
            break
    ends = await asyncio.gather(*waiting.values(), return_exceptions=True)
    for index, end in zip(waiting, ends, strict=True):
        if isinstance(end, RecordTooLarge | NotAcknowledged):
            sent[index] = end
        elif isinstance(end, BaseException):
            raise end
    return sent
