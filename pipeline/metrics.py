"""What a worker measures: Prometheus series, and the health that is read off them.

A stage is healthy when it makes progress or has nothing to do. It is *paused* when its poison guard stopped it, and
*stalled* when it has work (a batch, or lag) or can't reach Kafka, and has finished nothing for `STALLED_AFTER` seconds.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from pipeline.result import DeadLetter, End
from schemas.worker import WorkerState

STALLED_AFTER: Final = 60.0

STUCK_AFTER: Final = 600.0
"""A batch that is in work for so many seconds will not end any more: the process is ended, and the batch delivered again."""


class Health(Struct, frozen=True):
    """What /healthz says."""

    stage: str
    state: WorkerState
    detail: str
    lag: int | None
    seconds_since_progress: float

    @property
    def ok(self) -> bool:
        return self.state in ("starting", "running", "retrying")


class StageMetrics:
    """One stage's counters in one process."""

    def __init__(self, stage: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, CPU time, and since when the process runs
        self._stage = stage
        self._monotonic = monotonic
        self._progress = monotonic()
        self._state: WorkerState = "starting"
        self._detail = ""
        self._lag: int | None = None
        self._lag_known = True
        self._batch_begun: float | None = None
        self._ends = Counter(
            "flagpost_messages", "Messages by their end", ["stage", "end", "note"], registry=self.registry
        )
        self._dead_letters = Counter(
            "flagpost_dead_letters", "Messages that could not be used", ["stage"], registry=self.registry
        )
        self._dead_letters.labels(stage)  # from 0 on: an increase from nothing to one would go unseen
        self._retries = Counter("flagpost_retries", "Waits before another try", ["stage"], registry=self.registry)
        self._batch = Histogram(
            "flagpost_batch_seconds",
            "Time from taking a batch to its ack",
            ["stage"],
            registry=self.registry,
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
        )
        self._age = Histogram(
            "flagpost_age_seconds",
            "Age of a message's Kafka record when it was done",
            ["stage"],
            registry=self.registry,
            buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 1000),
        )
        self._pages = Counter(
            "flagpost_pages", "Tries of pages by what came of them", ["stage", "channel", "end"], registry=self.registry
        )
        self._lag_gauge = Gauge("flagpost_lag", "Messages not yet done", ["stage"], registry=self.registry)
        self._paused = Gauge("flagpost_paused", "1 while the stage is paused", ["stage"], registry=self.registry)
        self._paused.labels(stage).set(0)  # a rule can tell "not paused" from "not asked" by it
        self._heartbeat = Gauge(
            "flagpost_heartbeat_timestamp_seconds",
            "When the dead-man's switch last answered; 0: not yet, by this process",
            ["stage"],
            registry=self.registry,
        )

    def ended(self, end: End, age: dt.timedelta) -> None:
        """Counts a message's durable end. Ages below zero (clocks) count as 0."""
        kind, note = ("dead_letter", end.reason) if isinstance(end, DeadLetter) else ("done", end.note)
        self._ends.labels(self._stage, kind, note).inc()
        if isinstance(end, DeadLetter):
            self._dead_letters.labels(self._stage).inc()
        self._age.labels(self._stage).observe(max(age.total_seconds(), 0.0))

    def page(self, channel: str, end: str) -> None:
        """Counts a try of a page: delivered, failed for good, retried later, needless by now."""
        self._pages.labels(self._stage, channel, end).inc()

    def heartbeat(self, at: dt.datetime) -> None:
        """The dead-man's switch has answered."""
        self._heartbeat.labels(self._stage).set(at.timestamp())

    def batch_begun(self) -> None:
        self._batch_begun = self._monotonic()

    def batch_done(self) -> None:
        """A batch is done and may be acked."""
        if self._batch_begun is not None:
            self._batch.labels(self._stage).observe(self._monotonic() - self._batch_begun)
        self._batch_begun = None
        self.progressed()

    @property
    def stuck(self) -> bool:
        """Whether a batch is in work for longer than any batch may be."""
        return self._batch_begun is not None and self._monotonic() - self._batch_begun > STUCK_AFTER

    def retrying(self, reason: str) -> None:
        self._state, self._detail = "retrying", reason
        self._retries.labels(self._stage).inc()

    def paused(self, reason: str) -> None:
        self._state, self._detail = "paused", reason
        self._paused.labels(self._stage).set(1)

    def resumed(self) -> None:
        """The stage is not paused (any more)."""
        if self._state == "paused":
            self.progressed()
        self._paused.labels(self._stage).set(0)

    def progressed(self) -> None:
        """The stage has started, or has finished something."""
        self._state, self._detail = "running", ""
        self._progress = self._monotonic()

    def lag(self, messages: int | None) -> None:
        """Notes how many messages of the assigned partitions are not yet done; None when nothing is assigned."""
        if not messages and self._batch_begun is None:
            # Nothing to do is progress: the clock of a stall starts when there is work.
            self._progress = self._monotonic()
        self._lag, self._lag_known = messages, True
        self._lag_gauge.labels(self._stage).set(messages or 0)

    def lag_unknown(self) -> None:
        """Kafka does not say how much there is to do."""
        self._lag_known = False

    def health(self) -> Health:
        since = self._monotonic() - self._progress
        state, detail = self._state, self._detail
        if state != "paused" and since > STALLED_AFTER:
            if not self._lag_known:
                state, detail = "stalled", f"Kafka does not answer, and nothing was done for {since:.0f} s"
            elif self._lag or self._batch_begun is not None:
                why = f" ({detail})" if detail else ""
                state, detail = "stalled", f"{self._lag or 0} messages wait and none was done for {since:.0f} s{why}"
        return Health(self._stage, state, detail, self._lag, round(since, 1))
