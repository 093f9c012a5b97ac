"""One process's share of a stage: what is built at its start, each batch's delivery, and how the process ends."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final, NoReturn

import faust
from faust.types import EventT

from agents.health import HealthServer
from agents.kafka_producer import KafkaProducer
from pipeline.delivery import Delivery, MeasuredStage, Outage, OwningStage, Stage, TimedStage
from pipeline.errors import ElasticsearchUnavailable, FlagpostError, KafkaUnavailable
from pipeline.journal import CrashJournal
from pipeline.lag import READERS
from pipeline.log import get_logger
from pipeline.message import Message
from pipeline.metrics import STUCK_AFTER, StageMetrics
from pipeline.pause import PoisonGuard, pause_file
from pipeline.retry import RetryPolicy
from pipeline.settings import Settings
from pipeline.supervisor import EXIT_FAULT, EXIT_HALTED, EXIT_OUTAGE
from pipeline.watch.report import Reporter

log = get_logger(__name__)

StageMaker = Callable[[Settings, KafkaProducer, AsyncExitStack], Awaitable[Stage]]
"""Builds a stage; what must be closed at the end goes onto the exit stack."""


ASKED_WITHIN: Final = 10.0
"""Seconds that Kafka may take to say how much there is to do."""


class Worker:
    """One process's share of a stage."""

    def __init__(self, name: str, settings: Settings, make: StageMaker) -> None:
        self._name = name
        self._settings = settings
        self._make = make
        self._delivery: Delivery | None = None
        self._starting = asyncio.Lock()
        self._resources = AsyncExitStack()
        self._guard = PoisonGuard(pause_file(settings.home, name))
        self._topics = {settings.named(topic.name): topic.name for topic in READERS[name]}
        self._taken: dict[tuple[str, int], int] = {}
        """Partition, as Kafka names it → offset of the last message that was taken."""
        self._delivering: asyncio.Task[None] | None = None
        self._timed: asyncio.Task[None] | None = None
        self._reporter: Reporter | None = None
        self.metrics = StageMetrics(name)

    async def start(self) -> Delivery:
        """Builds stage, producer and health server, once a process."""
        async with self._starting:
            if self._delivery is not None:
                return self._delivery
            settings = self._settings
            try:
                producer = await KafkaProducer.start(settings)
                self._resources.push_async_callback(producer.stop)
                self._reporter = Reporter(self._name, producer)
                self._resources.push_async_callback(self._reporter.ended)
                await self._reporter.say(self.metrics.health())  # told before a stage that may refuse to be built
                stage = await self._make(settings, producer, self._resources)
                self._reporter.model = getattr(stage, "model", None)
                if isinstance(stage, MeasuredStage):
                    stage.measure(self.metrics)
                await HealthServer(self._name, settings, self.metrics).start()
            except FlagpostError as error:
                self._halt(error)
            except Exception as error:
                self._fault(error)
            self._delivery = Delivery(
                stage=stage,
                producer=producer,
                journal=CrashJournal.claim(settings.home / "journal", self._name),
                guard=self._guard,
                metrics=self.metrics,
                policy=RetryPolicy(limit=settings.retry_limit),
            )
            self.metrics.progressed()
            if isinstance(stage, TimedStage):
                self._timed = asyncio.create_task(self._ending_on_failure(stage.run(self.metrics)))
            log.info("stage started", stage=self._name)
            return self._delivery

    async def close(self) -> None:
        """Closes connections at a clean end."""
        await self._resources.aclose()
        if self._timed is not None:
            self._timed.cancel()

    async def assigned(self, partitions: Collection[tuple[str, int]]) -> None:
        """Partitions, each a topic as Kafka names it and a number, are ours: a stage that owns state reads it anew."""
        stage = (await self.start()).stage
        if isinstance(stage, OwningStage):
            mine = {(self._topics[topic], number) for topic, number in partitions}
            await self._ending_on_failure(stage.assigned(mine))

    async def revoked(self) -> None:
        """No partition is ours any more, at least until the next assignment."""
        if self._delivery is not None and isinstance(self._delivery.stage, OwningStage):
            await self._ending_on_failure(self._delivery.stage.revoked())

    async def take(self, delivery: Delivery, events: list[EventT[Any]], full: bool) -> None:
        """Waits for the batch before, while the stage may already work on this one; then delivers this one in a task.

        So there are never more than two batches in work, and effects of one. After a batch that is not ``full`` this returns
        when the next one could be begun: until then it had better grow. With few posts batches are small and at once; with
        more they are as large as it takes.
        """
        self._taken |= {(event.message.topic, event.message.partition): event.message.offset for event in events}
        ahead = delivery.foresee([self._message(event) for event in events])
        if self._delivering is not None:
            await self._delivering
        self._delivering = asyncio.create_task(self.deliver(delivery, events))
        if not full:
            await asyncio.wait([ahead or self._delivering])

    def drop(self) -> None:
        """Gives up whatever is being delivered, unacked."""
        if self._delivering is not None:
            self._delivering.cancel()

    async def deliver(self, delivery: Delivery, events: list[EventT[Any]]) -> None:
        """Delivers a batch, then acks its events in order. Ends the process on anything that must not be acked."""
        await self._ending_on_failure(delivery.deliver([self._message(event) for event in events]))
        for event in events:
            event.ack()

    async def _ending_on_failure(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Outage as outage:
            log.error("outage", stage=self._name, reason=str(outage))
            _end(EXIT_OUTAGE)
        except FlagpostError as error:
            self._halt(error)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._fault(error)

    def _message(self, event: EventT[Any]) -> Message:
        record = event.message
        return Message(
            topic=self._topics[record.topic],
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            timestamp=dt.datetime.fromtimestamp(record.timestamp, dt.UTC),
        )

    def _halt(self, error: FlagpostError) -> None:
        if isinstance(error, KafkaUnavailable | ElasticsearchUnavailable):
            log.error("outage", stage=self._name, reason=error.message, hint=error.hint)
            _end(EXIT_OUTAGE)
        log.error("stage halted", stage=self._name, reason=error.message, hint=error.hint)
        _end(EXIT_HALTED)

    def _fault(self, error: Exception) -> None:
        log.error("unexpected fault", stage=self._name, exc_info=error)
        _end(EXIT_FAULT)

    async def look(self, app: faust.App) -> None:
        """Measures lag and pause for health, tells it, and ends a process whose batch will not end by itself."""
        if reason := self._guard.paused:
            self.metrics.paused(reason)
        else:
            self.metrics.resumed()
            if self.metrics.stuck:
                log.error("stuck", stage=self._name, reason=f"a batch has taken more than {STUCK_AFTER:g} s")
                _end(EXIT_FAULT)
        try:
            async with asyncio.timeout(ASKED_WITHIN):
                self.metrics.lag(await lag_in(app.consumer, self._taken))
        except Exception:
            # Whatever kept us from asking (Kafka is away, a rebalance goes on): health says so when it lasts.
            self.metrics.lag_unknown()
        if self._reporter is not None and self._delivery is not None:
            await self._reporter.say(self.metrics.health())


async def lag_in(consumer: Any, taken: Mapping[tuple[str, int], int]) -> int | None:
    """Ends of the assigned partitions less what is committed, asked of the brokers; None when nothing is assigned.

    What ends with the mark of a transaction has no message left where all was fetched and what was ``taken`` is committed:
    else a worker that has done all of `[alerts]` would look stalled for ever.
    """
    assigned = consumer.assignment()
    if not assigned:
        return None
    ends = await consumer.highwaters(*assigned)
    beginnings = await consumer.earliest_offsets(*assigned)
    # Faust has no public view of what it has committed.
    committed: dict[Any, int | None] = consumer._committed_offset
    undone = 0
    for one in assigned:
        done = max(committed.get(one) or 0, beginnings[one])
        left = max(ends[one] - done, 0)
        if left and taken.get(one, -1) < done and ((await consumer.position(one)) or 0) >= ends[one]:
            left = 0
        undone += left
    return undone


def _end(code: int) -> NoReturn:
    """Ends the process without running anything that could still ack or commit."""
    logging.shutdown()
    os._exit(code)
