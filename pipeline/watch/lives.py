"""What workers have said of themselves: their lives, by the brokers' clock. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from schemas.worker import WorkerReport

LOOK_BACK: Final = dt.timedelta(minutes=15)
"""Of `[workers]` so much is read; a life that gave its last sign before is forgotten."""

ALIVE_FOR: Final = dt.timedelta(seconds=30)
"""A worker that gave no sign for so long (it gives one every 5 s) may not be alive."""


SIGNS_OF_A_CLOCK: Final = 3
"""So many signs tell how wrong a clock is: one alone may have been on its way for long."""


class Life(Struct, frozen=True):
    """One process of a stage, from its first sign to its last."""

    report: WorkerReport
    """The last."""
    first_at: dt.datetime
    last_at: dt.datetime
    leads: tuple[dt.timedelta, ...]
    """How far its clock was ahead of the brokers' in the last `SIGNS_OF_A_CLOCK` signs, oldest first. A sign's way takes
    time, so it is ahead by that at least.
    """

    def alive(self, now: dt.datetime) -> bool:
        return self.report.state != "ended" and now - self.last_at <= ALIVE_FOR


class Lives:
    """The lives that have given a sign within `LOOK_BACK`."""

    def __init__(self) -> None:
        self._lives: dict[tuple[str, dt.datetime], Life] = {}
        self._newest: dt.datetime | None = None
        self._resumed_at: dt.datetime | None = None

    def __iter__(self) -> Iterator[Life]:
        return iter(self._lives.values())

    def saw(self, report: WorkerReport, at: dt.datetime) -> None:
        """Notes a report whose record the brokers stamped with ``at``."""
        if self._newest is None or at - self._newest > ALIVE_FOR:
            self._resumed_at = at
        self._newest = max(self._newest, at) if self._newest else at
        name = report.key, report.started_at
        known = self._lives.get(name)
        if known is None:
            self._lives[name] = Life(report, at, at, (report.at - at,))
        elif at >= known.last_at:
            leads = (*known.leads, report.at - at)[-SIGNS_OF_A_CLOCK:]
            self._lives[name] = Life(report, known.first_at, at, leads)

    def now(self, local: dt.datetime) -> dt.datetime:
        """The brokers' time, as far as it is known: no earlier than the newest sign."""
        return max(local, self._newest) if self._newest else local

    def forget(self, now: dt.datetime) -> None:
        """Forgets lives that ended long ago."""
        self._lives = {name: life for name, life in self._lives.items() if now - life.last_at <= LOOK_BACK}

    def skew(self, host: str, pid: int) -> dt.timedelta | None:
        """How far the brokers' clock is before that process's own; None when it has not said anything yet."""
        own = [life for life in self if (life.report.host, life.report.pid) == (host, pid)]
        newest = max(own, key=lambda life: life.last_at, default=None)
        return newest.last_at - newest.report.at if newest else None

    def resumed_at(self) -> dt.datetime | None:
        """Since when signs have come without a gap, from whichever worker: before that Kafka or everything was away."""
        return self._resumed_at

    def last_sign(self, stage: str) -> dt.datetime | None:
        """When any worker of ``stage`` gave its last sign; None when none did."""
        return max((life.last_at for life in self if life.report.stage == stage), default=None)
