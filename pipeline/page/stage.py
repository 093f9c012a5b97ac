"""The page stage: `[alert-candidates]` and `[alert-actions]` → `[alerts]`, and from there to people.

While both topics are assigned to it, one process *holds* the alerts: it is the only writer of `[alerts]`, knows all
that stands there (`pipeline.page.held`), and does what is due by the clock (`pipeline.page.clockwork`). Whoever holds them
next first fences this process out, then reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Final, TypeVar

from pipeline.alert.rules import RulesFile
from pipeline.errors import KafkaUnavailable, NotSetUp
from pipeline.log import get_logger
from pipeline.message import Message, NotAcknowledged
from pipeline.metrics import StageMetrics
from pipeline.page.book import Book
from pipeline.page.clockwork import Watching, do_what_is_due, look_at_flagpost
from pipeline.page.held import Held
from pipeline.page.sender import Sender
from pipeline.page.step import Change, nothing, taking
from pipeline.page.timers import resume
from pipeline.page.writer import Fenced, Writer
from pipeline.result import DeadLetter, Done, End, Result, Retry
from schemas import codec
from schemas.alert import Action, Alert, Gone, Matched
from schemas.codec import InvalidMessage
from schemas.topics import ALERT_ACTIONS, ALERT_CANDIDATES

log = get_logger(__name__)

T = TypeVar("T")

BOTH: Final = {(ALERT_CANDIDATES.name, 0), (ALERT_ACTIONS.name, 0)}
"""What a worker is assigned that holds the alerts."""

HANDOVER: Final = 3.0
"""Seconds that pages under way have to end when another worker may take over; what has not ended is sent again."""

AGAIN_AFTER: Final = 1.0
"""Seconds until Kafka is tried again that did not answer."""


class PageStage:
    """See `pipeline.delivery.OwningStage` and `TimedStage` for what a stage promises."""

    name = "page"

    def __init__(
        self,
        rules: Callable[[], RulesFile],
        open_writer: Callable[[], Awaitable[Writer]],
        read: Callable[[], Awaitable[Iterable[Alert]]],
        sender: Callable[[Callable[[], None]], Sender],
        watch: Watching | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """``rules`` is asked at every step; ``read`` gives what stands in `[alerts]` once the writer is open;
        ``sender`` makes one, given what it calls when it has news.
        """
        self._rules = rules
        self._open_writer = open_writer
        self._read = read
        self._watch = watch
        self._clock = clock
        self._woken = asyncio.Event()
        self._sender = sender(self._woken.set)
        self._mine = asyncio.Event()
        self._held: Held | None = None
        self._holding: asyncio.Task[None] | None = None
        self._metrics: StageMetrics | None = None

    # Messages

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """All of a batch in one transaction. While the alerts are being read it is Retry."""
        records = [_decoded(message) for message in messages]
        good = [record for record in records if not isinstance(record, DeadLetter)]
        try:
            notes = iter(await self._step(taking(good)) if good else [])
        except NotAcknowledged as reason:
            retry = Retry(str(reason))
            return [record if isinstance(record, DeadLetter) else retry for record in records]
        self._woken.set()  # something else may be due first now
        return [record if isinstance(record, DeadLetter) else Done(next(notes)) for record in records]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Nothing to settle: `[alerts]` holds the whole effect."""
        return None

    # Who holds the alerts

    async def assigned(self, partitions: Collection[tuple[str, int]]) -> None:
        """With both topics this process begins to hold the alerts, beside what comes then; without any it stands by."""
        if not partitions:
            return
        if set(partitions) != BOTH:
            raise NotSetUp(
                f"The page stage was assigned {sorted(partitions)}; it needs the one partition of"
                f" {ALERT_CANDIDATES.name} and that of {ALERT_ACTIONS.name}, both and no other.",
                "Delete the topic that has more than one partition, then run `flagpost setup`.",
            )
        self._mine.set()

    async def revoked(self) -> None:
        """Lets go of the alerts: pages under way may end and be written down, for `HANDOVER` seconds."""
        self._mine.clear()
        if self._holding is not None:
            with contextlib.suppress(TimeoutError, NotAcknowledged, Fenced):
                async with asyncio.timeout(HANDOVER):
                    await self._sender.drain()
                    await self._step(nothing)
            if holding := self._holding:
                holding.cancel()
                await asyncio.wait({holding})
        await self._sender.abandon()

    async def close(self) -> None:
        """At a clean end of the process."""
        await self.revoked()
        await self._sender.close()

    async def run(self, metrics: StageMetrics) -> None:
        """Holds the alerts whenever they are assigned, until it is cancelled. Raises `Fenced`, and what no time
        repairs.
        """
        self._metrics = metrics
        while True:
            await self._mine.wait()
            self._holding = asyncio.create_task(self._hold())
            try:
                await asyncio.wait({self._holding})
            finally:
                self._holding.cancel()
            ended, self._holding = self._holding, None
            if ended.cancelled():
                continue
            error = ended.exception()
            if not isinstance(error, NotAcknowledged | KafkaUnavailable):
                raise error or RuntimeError("nobody holds the alerts any more")
            log.warning("alerts are read again", stage=self.name, reason=str(error))
            await asyncio.sleep(AGAIN_AFTER)

    async def _hold(self) -> None:
        writer = await self._open_writer()
        try:
            book = Book(await self._read())
            held = Held(writer, book, self._rules, self._sender, self._clock, self._count, self._woken.set)
            self._held = held
            log.info("holding the alerts", stage=self.name, alerts=len(book))
            sending = self._sender.sending
            await held.step(lambda draft, _rules, now: resume(draft, sending, now))
            await _first_failure(
                do_what_is_due(held, self._woken, self._clock),
                look_at_flagpost(held, self._watch, self._clock, self._beaten),
            )
        finally:
            self._held = None
            await writer.stop()

    async def _step(self, change: Change[T]) -> T:
        """Raises `NotAcknowledged` when nothing is known to have happened, and `Fenced`."""
        if self._held is None:
            raise NotAcknowledged("the alerts are being read")
        return await self._held.step(change)

    def _beaten(self, at: dt.datetime) -> None:
        if self._metrics is not None:
            self._metrics.heartbeat(at)

    def _count(self, channel: str, end: str) -> None:
        if self._metrics is not None:
            self._metrics.page(channel, end)


def _decoded(message: Message) -> Matched | Gone | Action | DeadLetter:
    topic = ALERT_ACTIONS if message.topic == ALERT_ACTIONS.name else ALERT_CANDIDATES
    try:
        record: Matched | Gone | Action = codec.decode(topic, message.value)
    except InvalidMessage as fault:
        return DeadLetter(fault.reason, fault.detail)
    if isinstance(record, Matched) and record.matches and record.excerpt is None:
        return DeadLetter("wrong_shape", "a match without an excerpt")
    return record


async def _first_failure(*works: Awaitable[None]) -> None:
    """Runs ``works`` side by side until one fails."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
