"""What the page stage writes with: aiokafka's transactional producer. Of those with one name the newest writes, and no
other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced, TransactionalIdAuthorizationFailed

from agents.kafka_producer import ACKNOWLEDGED_WITHIN, STOP_WITHIN, connecting, explained, producer_options
from pipeline.errors import AccessRefused, KafkaUnavailable
from pipeline.message import NotAcknowledged, Outgoing, RecordTooLarge
from pipeline.page.writer import Fenced
from pipeline.settings import Settings

TRANSACTION_SECONDS: Final = 30
"""After so long Kafka ends a transaction by itself whose process died in it; until then nobody reads past it, unless a
new producer of the name ends it at once.
"""


class FencedProducer:
    """`pipeline.page.writer.Writer` on a real Kafka."""

    def __init__(self, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._producer = producer
        self._settings = settings
        self._usable = True

    @classmethod
    async def start(cls, settings: Settings, name: str) -> FencedProducer:
        """Connects, fences out every older producer of ``name`` and takes back what it had not committed.

        Raises `KafkaUnavailable` or `AccessRefused`, within `ACKNOWLEDGED_WITHIN` seconds.
        """
        name = settings.named(name)
        producer = AIOKafkaProducer(
            **producer_options(settings), transactional_id=name, transaction_timeout_ms=TRANSACTION_SECONDS * 1000
        )
        writer = cls(producer, settings)
        try:
            with connecting(settings):
                await writer._start(name)
        except BaseException:
            await writer.stop()
            raise
        return writer

    async def _start(self, name: str) -> None:
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                await self._producer.start()
        except TransactionalIdAuthorizationFailed:
            raise AccessRefused(f"This user may not write as {name}.", "Give it the stage's rights.") from None
        except TimeoutError:
            raise KafkaUnavailable(
                f"Kafka at {self._settings.bootstrap()} lets no transaction begin.", "Look at the brokers' health."
            ) from None

    async def write(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            if len(record.value or b"") + len(record.key or b"") > record.topic.max_bytes:
                raise RecordTooLarge
        if not self._usable:
            raise NotAcknowledged("a transaction before this one was not acknowledged")
        self._usable = False  # until this one is: whatever ends it in between, nobody knows what came of it
        names = {self._settings.named(record.topic.name) for record in records}
        with explained(" or ".join(sorted(names))):
            try:
                async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                    await self._transact(records)
            except ProducerFenced:
                raise Fenced("another page worker has taken over") from None
        self._usable = True

    async def _transact(self, records: Sequence[Outgoing]) -> None:
        await self._producer.begin_transaction()
        sent = []
        for record in records:
            name = self._settings.named(record.topic.name)
            sent.append(await self._producer.send(name, value=record.value, key=record.key))
        await asyncio.gather(*sent)  # a commit does not tell of a record that was refused
        await self._producer.commit_transaction()

    async def stop(self) -> None:
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_WITHIN):
                await self._producer.stop()
