"""So many posts a second and no more."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_NAP = 0.2
"""Seconds that one nap lasts at most, so that a stop is noticed."""


class Pace:
    """Spreads calls evenly. Time lost by more than a second is not caught up, so no burst follows a pause."""

    def __init__(
        self,
        rate: float | None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``rate`` is in posts a second; None: without a bound."""
        self._gap = 1 / rate if rate else 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._due = monotonic()

    def wait(self, stopped: Callable[[], bool], idle: Callable[[], None]) -> None:
        """Returns when the next post is due, or soon after ``stopped`` says so; calls ``idle`` between naps."""
        if not self._gap:
            return
        while (left := self._due - self._monotonic()) > 0 and not stopped():
            self._sleep(min(left, LONGEST_NAP))
            idle()
        self._due = max(self._due, self._monotonic() - 1.0) + self._gap
