"""Keeps up with `[alerts]` in a thread, over every outage of Kafka, and says whether what it knows is of now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from pipeline.errors import FlagpostError, KafkaUnavailable
from pipeline.log import get_logger
from pipeline.page.feed import AlertsFeed
from pipeline.page.view import AlertView
from pipeline.page.watching import AGAIN_SECONDS
from pipeline.settings import Settings
from schemas.alert import Alert

FRESH_SECONDS: Final = 6.0
"""What was caught up longer ago than that is not taken for the truth any more; it is caught up some times a second."""

END_SECONDS: Final = 5.0

log = get_logger(__name__)


class Alerts(Protocol):
    """The alerts as they are now."""

    def get(self, alert_id: str) -> Alert | None:
        """The alert, or None where there is none. Raises `KafkaUnavailable` while nobody knows."""
        ...

    def check(self) -> None:
        """Raises `KafkaUnavailable` while nobody knows."""
        ...


class FollowedAlerts:
    """`Alerts` from Kafka; a context, within which the thread runs. Any thread may ask."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._view = AlertView()
        self._caught_up_at: float | None = None
        self._trouble: FlagpostError | None = None
        self._first_look = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join(END_SECONDS)

    def get(self, alert_id: str) -> Alert | None:
        self.check()
        return self._view.get(alert_id)

    def wait(self, seconds: float) -> None:
        """Blocks until the alerts are known or can't be, at most so long. Raises what no waiting mends."""
        self._first_look.wait(seconds)
        if self._trouble is not None and not isinstance(self._trouble, KafkaUnavailable):
            raise self._trouble

    def check(self) -> None:
        at = self._caught_up_at
        if at is not None and self._monotonic() - at <= FRESH_SECONDS:
            return
        trouble = self._trouble
        raise KafkaUnavailable(trouble.message if trouble else "The alerts are being read.")

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._follow()
            except FlagpostError as error:
                if self._trouble is None:
                    log.warning("alerts can't be read", error=error.message)
                self._trouble = error
            except Exception as error:  # a thread that ends silently would leave a server that is never well again
                log.exception("alerts can't be read")
                self._trouble = KafkaUnavailable(f"Something unexpected happened ({type(error).__name__}).")
            self._first_look.set()
            self._ending.wait(AGAIN_SECONDS)

    def _follow(self) -> None:
        """From the beginning, since the topic may be another one by now; until that is read the old view stays."""
        with AlertsFeed(self._settings) as feed:
            for _ in feed.follow():
                if self._ending.is_set():
                    return
                if feed.caught_up():
                    if self._view is not feed.view:
                        log.info("alerts are read", alerts=len(feed.view.all()))
                    self._view, self._caught_up_at, self._trouble = feed.view, feed.looked_at, None
                    self._first_look.set()
