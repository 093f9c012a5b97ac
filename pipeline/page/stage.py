"""The page stage: `[alert-candidates]` and `[alert-actions]` → `[alerts]`, and from there to people.

While both topics are assigned to it, one process *holds* the alerts: it is the only writer of `[alerts]`, knows all
that stands there, and does what is due by the clock. One step (`PageStage._step`) after the other, each under one lock:

1. What candidates, people, channels and the clock change is noted in a draft of the book, together with the tries of
   pages that begin now. Nothing has happened yet.
2. All of it is written to Kafka in one transaction, and acknowledged.
3. Only then is it taken into the book, are messages Done, and are pages sent.

So whenever the process ends, what stands in `[alerts]` is what was done, or it is about to be done: a page whose try
began and has no outcome is sent again, under the same id. Whoever holds the alerts next first fences this process out,
then reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from pipeline.alert.rules import RulesFile
from pipeline.errors import KafkaUnavailable, NotSetUp
from pipeline.log import get_logger
from pipeline.message import Message, NotAcknowledged
from pipeline.metrics import StageMetrics
from pipeline.page.book import Book
from pipeline.page.conditions import Missed, take_conditions
from pipeline.page.sender import Sender
from pipeline.page.step import Change, nothing, step, taking
from pipeline.page.timers import SWEEP_EVERY, resume, sweep
from pipeline.page.writer import Fenced, Writer
from pipeline.result import DeadLetter, Done, End, Result, Retry
from pipeline.watch.condition import Condition
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

BLOCKED: Final = 1.0
"""Seconds after which it is looked again at pages that are due and for which a channel has no room."""

LOOK_EVERY: Final = 10.0
"""Seconds between two looks at flagpost itself."""

AGAIN_AFTER: Final = 1.0
"""Seconds until Kafka is tried again that did not answer."""


class Watching(Protocol):
    """Knows how flagpost itself is: `pipeline.watch.watch.Watch`."""

    async def look(self, now: dt.datetime) -> list[Condition]: ...

    async def beat(self, now: dt.datetime) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Held:
    """What a process has while it holds the alerts."""

    writer: Writer
    book: Book


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
        self._lock = asyncio.Lock()
        self._held: _Held | None = None
        self._fenced: Fenced | None = None
        """Once another has taken over this process must not even read: that would take over again."""
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
            self._held = _Held(writer, Book(await self._read()))
            log.info("holding the alerts", stage=self.name, alerts=len(self._held.book))
            sending = self._sender.sending
            await self._step(lambda draft, _rules, now: resume(draft, sending, now))
            await _first_failure(self._by_the_clock(), self._by_looking())
        finally:
            self._held = None
            await writer.stop()

    # Steps

    async def _step(self, change: Change[T]) -> T:
        """Does one step, see above.

        Raises `NotAcknowledged` when nothing is known to have happened: the alerts are read again then. Raises `Fenced`.
        """
        async with self._lock:
            held = self._held
            if held is None:
                raise self._fenced or NotAcknowledged("the alerts are being read")
            rules, now, sender = self._rules(), self._clock(), self._sender
            sender.use(rules)
            outcomes = sender.outcomes()
            done = step(held.book, rules, now, change, outcomes, sender.free(), sender.sending)
            if records := done.draft.records():
                try:
                    await held.writer.write(records)
                except BaseException as error:  # nobody knows whether it is there: only `[alerts]` does
                    self._held = None
                    self._fenced = error if isinstance(error, Fenced) else None
                    self._woken.set()
                    raise
            done.draft.take()
            sender.settled(outcomes)
            sender.launch(done.tries, rules)
            for outcome, counted in zip(outcomes, done.counted, strict=True):
                if self._metrics is not None:
                    self._metrics.page(outcome.channel, counted)
            return done.answer

    async def _by_the_clock(self) -> None:
        """Does what is due, when it is due."""
        swept = dt.datetime.min.replace(tzinfo=dt.UTC)
        while True:
            self._woken.clear()
            await self._step(nothing)
            if self._clock() - swept >= SWEEP_EVERY:
                swept = self._clock()
                await self._step(sweep)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._seconds_to_wait())

    def _seconds_to_wait(self) -> float:
        due = self._held.book.next_due() if self._held else None
        longest = SWEEP_EVERY.total_seconds()
        if due is None:
            return longest
        seconds = (due - self._clock()).total_seconds()
        return min(seconds, longest) if seconds > 0 else BLOCKED

    async def _by_looking(self) -> None:
        """Pages operators about flagpost itself, and tells the outside that it is alive."""
        if self._watch is None:
            return
        missed: Missed = {}
        while True:
            now = self._clock()
            try:
                conditions = await self._watch.look(now)
            except Exception as error:  # whatever it stumbles over, posts are paged
                log.warning("flagpost could not look at itself", stage=self.name, reason=type(error).__name__)
            else:
                missed = await self._looked(conditions, missed)
            with contextlib.suppress(Exception):  # what the outside misses it tells by itself
                if await self._watch.beat(now) and self._metrics is not None:
                    self._metrics.heartbeat(now)
            await asyncio.sleep(LOOK_EVERY)

    async def _looked(self, conditions: Sequence[Condition], missed: Missed) -> Missed:
        return await self._step(lambda draft, rules, now: take_conditions(draft, rules, conditions, missed, now))


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
