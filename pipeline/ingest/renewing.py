"""A publisher for servers that outlive Kafka's outages.

After a delivery time-out kafka-python's producer may stay dumb for ever (seen with 3.0.12: a broker away for longer than the
delivery time-out; batches it had drained are neither sent nor failed, and their partitions stay muted). So a producer that
failed is not used again: the next post opens a fresh one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from pipeline.errors import FlagpostError
from pipeline.ingest.publish import Publisher, Then
from pipeline.log import get_logger
from schemas.dead_letter import DeadLetter

PAUSE: Final = 1.0
"""Seconds after a failed try to open a producer during which no other try is made."""

log = get_logger(__name__)


class Closable(Publisher, Protocol):
    """A publisher that can be let go."""

    def close(self) -> None: ...


class RenewingPublisher:
    """A `Publisher` that can be distrusted. Any thread may call it."""

    def __init__(self, open_one: Callable[[], Closable], monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises what ``open_one`` raises."""
        self._open_one = open_one
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._current: Closable | None = open_one()
        self._failed: FlagpostError | None = None
        self._next_try = 0.0

    def post(self, uid: str, value: bytes, then: Then) -> None:
        self._opened().post(uid, value, then)

    def dead_letter(self, value: bytes, letter: DeadLetter, then: Then) -> None:
        self._opened().dead_letter(value, letter, then)

    def flush(self) -> None:
        if current := self._current:
            current.flush()

    def check(self) -> None:
        """Raises when there is no producer and none can be opened."""
        self._opened()

    def distrust(self) -> None:
        """Something was not acknowledged: what comes next goes through a fresh producer.

        What is under way in the old one may still be acknowledged; it is closed behind our back.
        """
        with self._lock:
            old, self._current = self._current, None
        if old is not None:
            threading.Thread(target=_let_go, args=[old], name="close-producer", daemon=True).start()

    def close(self) -> None:
        if self._current:
            self._current.close()

    def _opened(self) -> Closable:
        with self._lock:
            if self._current is not None:
                return self._current
            if self._failed is not None and self._monotonic() < self._next_try:
                raise self._failed
            try:
                self._current = self._open_one()
            except FlagpostError as error:
                self._failed = error
                self._next_try = self._monotonic() + PAUSE
                raise
            log.info("a fresh producer")
            return self._current


def _let_go(old: Closable) -> None:
    try:
        old.flush()
    except FlagpostError:
        log.warning("a producer was given up with records that Kafka never answered")
    old.close()
