"""What whoever holds the alerts does by itself: what is due by the clock, and a look at flagpost."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from pipeline.log import get_logger
from pipeline.page.conditions import Missed, take_conditions, unusable_channels
from pipeline.page.held import Held
from pipeline.page.step import nothing
from pipeline.page.timers import SWEEP_EVERY, sweep
from pipeline.watch.condition import Condition

log = get_logger(__name__)

BLOCKED: Final = 1.0
"""Seconds after which it is looked again at pages that are due and for which a channel has no room."""

LOOK_EVERY: Final = 10.0
"""Seconds between two looks at flagpost itself."""


class Watching(Protocol):
    """Knows how flagpost itself is: `pipeline.watch.watch.Watch`."""

    async def look(self, now: dt.datetime) -> list[Condition]: ...

    async def beat(self, now: dt.datetime) -> bool: ...


async def do_what_is_due(held: Held, woken: asyncio.Event, clock: Callable[[], dt.datetime]) -> None:
    """Does what is due, when it is due or when it is ``woken``. Ends with what a step raises."""
    swept = dt.datetime.min.replace(tzinfo=dt.UTC)
    while True:
        woken.clear()
        await held.step(nothing)
        if not dt.timedelta() <= clock() - swept < SWEEP_EVERY:  # also when the clock was set back
            swept = clock()
            await held.step(sweep)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_seconds_to_wait(held, clock())):
                await woken.wait()


def _seconds_to_wait(held: Held, now: dt.datetime) -> float:
    due = held.book.next_due()
    longest = SWEEP_EVERY.total_seconds()
    if due is None:
        return longest
    seconds = (due - now).total_seconds()
    return min(seconds, longest) if seconds > 0 else BLOCKED


async def look_at_flagpost(
    held: Held, watch: Watching | None, clock: Callable[[], dt.datetime], beaten: Callable[[dt.datetime], None]
) -> None:
    """Pages operators about flagpost itself, and tells the outside that it is alive; ``beaten`` hears when that was
    answered. Ends with what a step raises.
    """
    if watch is None:
        return
    missed: Missed = {}
    while True:
        now = clock()
        try:
            conditions = await watch.look(now)
        except Exception as error:  # whatever it stumbles over, posts are paged
            log.warning("flagpost could not look at itself", stage="page", reason=type(error).__name__)
        else:
            missed = await _noted(held, conditions, missed)
        with contextlib.suppress(Exception):  # what the outside misses it tells by itself
            if await watch.beat(now):
                beaten(now)
        await asyncio.sleep(LOOK_EVERY)


async def _noted(held: Held, conditions: Sequence[Condition], missed: Missed) -> Missed:
    found = [*conditions, *unusable_channels(held.unusable())]
    return await held.step(lambda draft, rules, now: take_conditions(draft, rules, found, missed, now))
