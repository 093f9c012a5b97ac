"""What whoever holds the alerts does by itself, and when."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, Literal

import pytest

from pipeline.page.book import Book
from pipeline.page.clockwork import do_what_is_due
from pipeline.page.held import Held
from pipeline.page.step import nothing
from pipeline.page.timers import SWEEP_EVERY, sweep
from tests.doubles.manual_clock import START


class Ended(Exception):
    pass


class Steps(Held):
    """Only remembers its steps. After each one the time is the next of ``times``; then all is over."""

    def __init__(self, *times: dt.timedelta) -> None:
        self.book = Book()
        self.changes: list[Any] = []
        self.woken = asyncio.Event()
        self._times = [START + time for time in times]

    def now(self) -> dt.datetime:
        return self._times[0]

    async def step(self, change: Any) -> Any:
        self.changes.append(change)
        if change is nothing and len(self.changes) > 1:
            self._times.pop(0)
        if not self._times:
            raise Ended
        self.woken.set()


class Woken(asyncio.Event):
    """Tells when it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_for = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.is_waited_for.set()
        return await super().wait()


class Idle(Held):
    """Has nothing to do, ever."""

    def __init__(self) -> None:
        self.book = Book()
        self.woken = Woken()

    async def step(self, change: Any) -> Any:
        pass


@pytest.mark.parametrize(
    ("step_of_the_clock", "swept"),
    [
        (SWEEP_EVERY / 2, False),
        (SWEEP_EVERY, True),
        (-dt.timedelta(hours=1), True),  # it was an hour fast
    ],
)
async def test_everything_is_gone_over_once_a_minute_though_the_clock_was_set_back(
    step_of_the_clock: dt.timedelta, swept: bool
) -> None:
    steps = Steps(dt.timedelta(), step_of_the_clock)
    with pytest.raises(Ended):
        await do_what_is_due(steps, steps.woken, steps.now)
    assert steps.changes == [nothing, sweep, nothing, *([sweep] if swept else []), nothing]


@pytest.mark.parametrize("turns", range(6))
async def test_it_ends_when_it_is_cancelled_at_any_moment_after_it_was_woken(turns: int) -> None:
    """`asyncio.wait_for` of CPython 3.11 forgets a cancellation that comes with what it waited for (gh-86296)."""
    steps = Idle()
    work = asyncio.create_task(do_what_is_due(steps, steps.woken, lambda: START))
    await steps.woken.is_waited_for.wait()
    steps.woken.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    work.cancel()
    _, going_on = await asyncio.wait({work}, timeout=0.5)
    work.cancel()
    assert not going_on
