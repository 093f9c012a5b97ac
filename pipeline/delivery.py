"""The at-least-once core: drives a batch until each of its messages has a durable end.

The order of one batch, which every agent keeps:

1. While the stage is paused, wait.
2. Note the batch in the crash journal; messages that were in work at an unclean end are taken one at a time.
3. Hand the open messages to the stage. Those it answers with Retry are handed in again, and only those, after a wait.
4. Write the dead letters and wait for the brokers' acknowledgement.
5. Let the stage settle its books (outcomes), acknowledged too.
6. Clear the journal. Only now may the caller ack the batch's offsets, in order.

Whatever goes wrong before step 6, nothing is acked, and Kafka delivers the batch again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pipeline.errors import FlagpostError, StageHalted
from pipeline.journal import MOST_UNCLEAN_ENDS, CrashJournal
from pipeline.log import get_logger
from pipeline.message import Message, Outgoing, Place, Producer, RecordTooLarge, send_in_order
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard
from pipeline.result import DeadLetter, Done, End, Halt, Result, Retry
from pipeline.retry import RetryPolicy
from schemas.dead_letter import MAX_DETAIL
from schemas.dead_letter import DeadLetter as DeadLetterHeaders
from schemas.topics import DEAD_LETTERS

log = get_logger(__name__)


class Outage(Exception):
    """A batch could not be finished within the retry limit. The worker ends without acking and is started again."""


class Stage(Protocol):
    """What happens to messages. A stage decides; delivery sees to it that nothing is lost."""

    name: str

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """One result for each message, in order. ``Done`` only when its effect is durable.

        May be called again with the messages that it answered with Retry. Anything raised ends the process unacked.
        """
        ...

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Makes durable what must be known of the whole batch, in offset order, before it is acked."""
        ...


@runtime_checkable
class ForeseeingStage(Stage, Protocol):
    """A stage that works on the next batch while the effects of this one are made durable."""

    def foresee(self, messages: Sequence[Message]) -> asyncio.Future[None]:
        """These come next: work on them may begin, and may be for nothing. It must have no effect.

        Returns at once; what it returns is done when work on more could begin.
        """
        ...


@runtime_checkable
class MeasuredStage(Stage, Protocol):
    """A stage that counts what only it sees."""

    def measure(self, metrics: StageMetrics) -> None:
        """Called once, before any message: its series go into the registry of ``metrics``."""
        ...


@runtime_checkable
class OwningStage(Stage, Protocol):
    """A stage whose state stands in Kafka, and belongs to whoever is assigned."""

    async def assigned(self, partitions: Collection[tuple[str, int]]) -> None:
        """These partitions (topic and number) are ours from now on: the state must be read anew.

        Called at every assignment, also when nothing has changed. Messages that come before it is read are answered with
        Retry. Anything raised ends the process.
        """
        ...

    async def revoked(self) -> None:
        """They may be another worker's by now: stops whatever the clock does."""
        ...


@runtime_checkable
class TimedStage(Stage, Protocol):
    """A stage that does things by the clock, beside its messages."""

    async def run(self, metrics: StageMetrics) -> None:
        """Does them until it is cancelled, from the start of the process on. Anything raised ends the process."""
        ...


@dataclass(slots=True)
class Delivery:
    """Delivers one stage's batches, one batch at a time."""

    stage: Stage
    producer: Producer
    journal: CrashJournal
    guard: PoisonGuard
    metrics: StageMetrics
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Returns when every message of ``batch`` is Done or dead-lettered, durably.

        Raises `Outage` and `FlagpostError` for ends that time or an operator repairs; the journal is left clean then, and
        when the task is cancelled. Any other exception is a fault of ours and leaves the batch in the journal.
        """
        await self._wait_while_paused()
        self.metrics.batch_begun()
        deadline = self.monotonic() + self.policy.limit
        for part in self._parts(batch):
            self.journal.begin(part)
            try:
                await self._finish(part, deadline)
            except (Outage, FlagpostError, asyncio.CancelledError):
                self.journal.finish()
                raise
            self.journal.finish(part)
        self.metrics.batch_done()

    def foresee(self, batch: Sequence[Message]) -> asyncio.Future[None] | None:
        """``batch`` comes after the one that is delivered now. What it returns, if anything, is done when one more batch
        could be foreseen and be begun.

        Not while a message is suspected of having killed the process: what is alone in work must be alone.
        """
        if isinstance(self.stage, ForeseeingStage) and not self.journal.has_suspects:
            return self.stage.foresee(batch)
        return None

    async def _wait_while_paused(self) -> None:
        reason = self.guard.paused
        if reason is None:
            return
        log.error("stage paused", stage=self.stage.name, reason=reason)
        self.metrics.paused(reason)
        while self.guard.paused is not None:
            await self.sleep(0.5)
        self.metrics.resumed()
        log.warning("stage resumed", stage=self.stage.name)

    def _parts(self, batch: Sequence[Message]) -> Iterator[list[Message]]:
        """The batch in parts, each suspect by itself.

        With suspects in it, a batch is put in the order of its partitions first, which is all the order that Kafka promises:
        messages that stand between suspects of other partitions would have to go by themselves, too.
        """
        ordered = sorted(batch, key=lambda message: message.place[:2]) if self.journal.has_suspects else batch
        for suspect, messages in itertools.groupby(ordered, key=self.journal.is_suspect):
            if suspect:
                yield from ([message] for message in messages)
            else:
                yield list(messages)

    async def _finish(self, messages: list[Message], deadline: float) -> None:
        ends, tries = await self._drive_to_ends(messages, deadline)
        pairs = [(message, ends[message.place]) for message in messages]
        written: set[Place] = set()
        await self._until_durable(lambda: self._write_dead_letters(pairs, tries, written), messages, deadline)
        await self._until_durable(lambda: self.stage.settle(pairs), messages, deadline)
        for message, end in pairs:
            self.metrics.ended(end, self.clock() - message.timestamp)
            self.guard.record(bad=isinstance(end, DeadLetter))

    async def _drive_to_ends(
        self, messages: list[Message], deadline: float
    ) -> tuple[dict[Place, End], dict[Place, int]]:
        ends: dict[Place, End] = {}
        tries: dict[Place, int] = {}
        for message in messages:
            unclean = self.journal.unclean_ends(message)
            if unclean >= MOST_UNCLEAN_ENDS:
                ends[message.place] = DeadLetter("crashed", f"the worker ended {unclean} times while handling it alone")
                tries[message.place] = unclean
        rounds = 0
        while True:
            todo = [message for message in messages if message.place not in ends]
            if not todo:
                return ends, tries
            results = await self.stage.handle(todo)
            rounds += 1
            if len(results) != len(todo):
                raise RuntimeError(f"{self.stage.name} gave {len(results)} results for {len(todo)} messages")
            reason = ""
            for message, result in zip(todo, results, strict=True):
                tries[message.place] = rounds
                match result:
                    case Done() | DeadLetter():
                        ends[message.place] = result
                    case Retry(why):
                        reason = why
                    case Halt(why, hint):
                        raise StageHalted(why, hint)
            if any(message.place not in ends for message in messages):  # after a rebalance one may stand there twice
                await self._back_off(rounds, reason, messages, deadline)

    async def _write_dead_letters(
        self, pairs: Sequence[tuple[Message, End]], tries: dict[Place, int], written: set[Place]
    ) -> Retry | None:
        """Writes the dead letters that are not in ``written`` yet, and adds those that are durable now."""
        left = [
            (message, end) for message, end in pairs if isinstance(end, DeadLetter) and message.place not in written
        ]
        letters = [
            Outgoing(DEAD_LETTERS, message.key, message.value or b"", self._headers(message, end, tries[message.place]))
            for message, end in left
        ]
        sent = await send_in_order(self.producer, letters)
        written |= {message.place for (message, _), one in zip(left, sent, strict=True) if one is None}
        if any(isinstance(one, RecordTooLarge) for one in sent):
            raise StageHalted(
                "A dead letter is larger than its topic takes, so it can't be put away and nothing may overtake it.",
                "Raise max.message.bytes of the dead-letter topic above that of every other topic.",
            )
        return Retry("the dead-letter topic does not acknowledge") if any(sent) else None

    def _headers(self, message: Message, end: DeadLetter, tries: int) -> list[tuple[str, bytes]]:
        return DeadLetterHeaders(
            reason=end.reason,
            detail=end.detail[:MAX_DETAIL],
            stage=self.stage.name,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            tries=max(tries, 1),
            dead_at=self.clock(),
        ).to_headers()

    async def _until_durable(
        self, step: Callable[[], Awaitable[Retry | None]], messages: Sequence[Message], deadline: float
    ) -> None:
        for tries in itertools.count(1):
            retry = await step()
            if retry is None:
                return
            await self._back_off(tries, retry.reason, messages, deadline)

    async def _back_off(self, tries: int, reason: str, messages: Sequence[Message], deadline: float) -> None:
        wait = self.policy.wait(tries, self.random)
        if self.monotonic() + wait > deadline:
            raise Outage(f"gave up after {self.policy.limit:g} s: {reason}")
        self.metrics.retrying(reason)
        log.warning("retrying", stage=self.stage.name, tries=tries, wait_s=round(wait, 2), reason=reason)
        self.journal.finish()  # who is killed while waiting was not killed by a message
        await self.sleep(wait)
        self.journal.begin(messages)
