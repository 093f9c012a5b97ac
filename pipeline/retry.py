"""How long to wait between tries: exponential backoff with full jitter, bounded in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits a random time below ``first * 2**tries``, at most ``longest`` seconds; gives up after ``limit`` seconds.

    Full jitter spreads the workers of a stage after an outage, so that they don't come back as one wave
    (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    """

    first: float = 0.1
    longest: float = 10.0
    limit: float = 120.0

    def wait(self, tries: int, random: Callable[[], float]) -> float:
        """Seconds to wait after ``tries`` failed tries (1 or more). ``random`` yields numbers in [0, 1)."""
        return min(self.longest, self.first * 2.0 ** min(tries - 1, 30)) * random()
