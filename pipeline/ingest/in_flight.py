"""How much may be under way to Kafka at once: back-pressure, because kafka-python's own buffer has no bound.

It also notices when Kafka answers nothing any more: after a broker's kill -9, kafka-python was seen to keep some records
beyond its own delivery time-out without ever telling.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class InFlight:
    """A bound on records and bytes that are handed to Kafka and not yet answered. Any thread may call it."""

    def __init__(self, max_records: int, max_bytes: int, patience: float) -> None:
        """``patience`` is how many seconds may pass without any answer while something is under way."""
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._patience = patience
        self._records = 0
        self._bytes = 0
        self._heard = time.monotonic()
        self._given_up = False
        self._changed = threading.Condition()

    def enter(self, size: int) -> bool:
        """Waits until there is room for a record of ``size`` bytes; one that is larger than the bound goes alone.

        False when the patience ended first, or after `give_up`: then the record is not under way.
        """
        with self._changed:
            if self._given_up or not self._wait(lambda: not self._records or self._has_room(size)):
                return False
            if not self._records:
                self._heard = time.monotonic()
            self._records += 1
            self._bytes += size
            return True

    def leave(self, size: int) -> None:
        """A record of ``size`` bytes was answered, well or badly."""
        with self._changed:
            self._records -= 1
            self._bytes -= size
            self._heard = time.monotonic()
            self._changed.notify_all()

    def wait_empty(self) -> bool:
        """Whether everything was answered before the patience ended or somebody gave up."""
        with self._changed:
            return self._wait(lambda: self._records == 0)

    def give_up(self) -> None:
        """Something failed; nobody waits for the rest, nor does anything enter any more."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        return self._records < self._max_records and self._bytes + size <= self._max_bytes

    def _wait(self, enough: Callable[[], bool]) -> bool:
        while not enough():
            left = self._heard + self._patience - time.monotonic()
            if self._given_up or left <= 0:
                return False
            self._changed.wait(left)
        return True
