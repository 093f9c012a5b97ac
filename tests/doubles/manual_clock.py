"""Time that a test moves by hand."""

from __future__ import annotations

import datetime as dt

START = dt.datetime(2026, 8, 15, 12, 0, tzinfo=dt.UTC)


class ManualClock:
    """A wall clock, a monotonic clock and a sleep that belong together; sleeping moves both clocks at once."""

    def __init__(self, start: dt.datetime = START) -> None:
        self.now = start
        self.seconds = 0.0
        self.slept: list[float] = []

    def wall(self) -> dt.datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += dt.timedelta(seconds=seconds)
