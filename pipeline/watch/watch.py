"""Watches flagpost from within: what is wrong with its stages, and a sign of life to the outside while nothing is.

Runs inside the page worker, which pages operators about what it finds. All of Kafka is asked in a thread of its own, by
clients of its own, so no page waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pipeline.alert.rules import RulesFile, SystemRules
from pipeline.errors import AccessRefused, FlagpostError, NotSetUp
from pipeline.log import get_logger
from pipeline.settings import Settings
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import blind_conditions, told_once
from pipeline.watch.connections import Connections
from pipeline.watch.dead_letters import DeadLetterWatch
from pipeline.watch.heartbeat import Heartbeat
from pipeline.watch.lag import LagWatch
from pipeline.watch.part import At, Part
from pipeline.watch.posts import SourceWatch
from pipeline.watch.rules import RulesWatch
from pipeline.watch.workers import WorkerWatch

log = get_logger(__name__)

LOOK_WITHIN: Final = 5.0
"""Seconds after which a look says what it knew before; what it was asking goes on in its thread."""

BEAT_EVERY: Final = 55.0
"""Seconds between two signs of life, at least: switches count in minutes."""

WELL_FOR: Final = 60.0
"""A look that was complete vouches for so many seconds."""

PAGE: Final = "page"

_NOBODY: Final = SystemRules(to=["nobody"])
"""Where the rules file says nothing of flagpost itself it is looked at all the same, for the dead-man's switch."""


class Watch:
    """What is wrong with flagpost. ``rules`` gives the rules file of the moment. Of one event loop."""

    def __init__(
        self,
        settings: Settings,
        rules: Callable[[], RulesFile],
        monotonic: Callable[[], float] = time.monotonic,
        parts: Sequence[Part] = (),
        problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``parts`` are what is asked, in order; by itself everything there is. ``problem``: see `RulesWatch`."""
        self._rules = rules
        self._monotonic = monotonic
        self._connections = Connections(settings)
        lag = LagWatch(self._connections)
        self._workers = WorkerWatch(self._connections, lambda: lag.ran, PAGE)
        self._parts = parts or (
            self._workers,  # the first, since they tell the brokers' time
            lag,
            DeadLetterWatch(self._connections),
            SourceWatch(self._connections),
            RulesWatch(problem),
        )
        self._heartbeat = Heartbeat(settings.heartbeat_url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self._asking: asyncio.Future[None] | None = None
        self._told: dict[Part, list[Condition]] = {}
        self._looked_at = self._began = monotonic()
        self._well_at: float | None = None
        """When a look was last complete."""
        self._reason = "it has not answered yet"
        self._beaten_at: float | None = None

    async def look(self, now: dt.datetime) -> list[Condition]:
        """What is wrong, after `LOOK_WITHIN` seconds at most. Never raises for what is down: see `blind_conditions`.

        What can't be asked now keeps the conditions that it had, so an alert is not resolved because nobody could look.
        """
        limits = self._rules().system or _NOBODY
        at = self._monotonic()
        if at - self._looked_at > WELL_FOR:  # another worker looked meanwhile: what we knew is old
            self._began, self._well_at = at, None
            self._told.clear()
        self._looked_at = at
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, now, limits)
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                await asyncio.shield(self._asking)
        except TimeoutError:
            log.debug("a look takes long", reason=f"more than {LOOK_WITHIN:g} s")
        return self._conditions()

    async def beat(self, now: dt.datetime) -> bool:
        """Gives the outside a sign of life, at most every `BEAT_EVERY` seconds, and only while we may vouch for it.

        Returns whether one was given and answered.
        """
        at = self._monotonic()
        if self._well_at is None or at - self._well_at > WELL_FOR:
            return False
        if any(one.about == PAGE and one.severity == "critical" for one in self._conditions()):
            return False
        if self._beaten_at is not None and at - self._beaten_at < BEAT_EVERY:
            return False
        if answered := await self._heartbeat.beat():
            self._beaten_at = at
        return answered

    async def close(self) -> None:
        """Ends what is asked and closes every connection."""
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._connections.close)
        self._thread.shutdown(wait=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_WITHIN):
                await asyncio.shield(closing)
        await self._heartbeat.close()

    def _conditions(self) -> list[Condition]:
        failing = self._monotonic() - (self._began if self._well_at is None else self._well_at)
        found = [condition for part in self._parts for condition in self._told.get(part, [])]
        return told_once([*found, *blind_conditions(failing, self._reason)])

    def _ask(self, now: dt.datetime, limits: SystemRules) -> None:
        """In the thread: asks everything, and notes what is wrong by what was answered."""
        answers = [self._answers(part, now, limits) for part in self._parts]
        if all(answers):
            self._well_at = self._monotonic()

    def _answers(self, part: Part, now: dt.datetime, limits: SystemRules) -> bool:
        try:
            part.ask(self._at(now), limits)
            self._told[part] = part.conditions(self._at(now), limits)
            return True
        except (AccessRefused, NotSetUp) as error:
            self._reason = error.message
        except FlagpostError as error:
            self._reason = error.message
            self._connections.close()
        except Exception as error:
            log.error("a look failed", part=type(part).__name__, exc_info=error)
            self._reason = f"{type(part).__name__} failed ({type(error).__name__}); the page worker's log says how."
            self._connections.close()
        return False

    def _at(self, now: dt.datetime) -> At:
        return At(self._workers.brokers_time(now), self._monotonic())
