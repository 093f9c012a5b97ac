"""How much may be under way to Kafka at once: back-pressure, because kafka-python's own buffer has no bound."""

from __future__ import annotations

import threading


class InFlight:
    """A bound on records and bytes that are handed to Kafka and not yet answered. Any thread may call it."""

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._records = 0
        self._bytes = 0
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Waits until there is room for a record of ``size`` bytes; one that is larger than the bound goes alone."""
        with self._changed:
            while self._records and (self._records >= self._max_records or self._bytes + size > self._max_bytes):
                self._changed.wait()
            self._records += 1
            self._bytes += size

    def leave(self, size: int) -> None:
        """A record of ``size`` bytes was answered, well or badly."""
        with self._changed:
            self._records -= 1
            self._bytes -= size
            self._changed.notify_all()

    def wait_empty(self, seconds: float) -> bool:
        """Whether everything was answered within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._records == 0, seconds)
