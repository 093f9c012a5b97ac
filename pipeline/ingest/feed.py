"""Sends what a source holds: the good as posts, the bad as dead letters, and knows how far all of it is acknowledged.

The order that keeps "nothing is lost" true:

1. An entry is handed to the publisher and joins the queue of those that wait for Kafka's answer.
2. Answered entries leave the queue from its front only; the last one that left is how far everything is acknowledged.
3. Only that position is ever written to the cursor. After a crash at any moment, what stands behind it is sent again, and
   sending again changes nothing downstream.
4. When Kafka did not acknowledge an entry, nothing behind it leaves the queue, and the feed ends with the error.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import FlagpostError
from pipeline.ingest.canonical import Defaults, canonical, encoded
from pipeline.ingest.cursor import Cursor
from pipeline.ingest.first_look import LOOKED_AT, require_usable
from pipeline.ingest.pace import Pace
from pipeline.ingest.publish import Publisher
from pipeline.ingest.report import Counts, Report
from pipeline.ingest.sources import Entry, Position, Source
from pipeline.ingest.wordings import Wordings
from schemas.codec import InvalidMessage
from schemas.dead_letter import MAX_DETAIL, DeadLetter

SAVE_EVERY = 1.0
"""Seconds between two writes of the cursor: what a crash makes us send twice."""

MAX_ORIGIN = 500


@dataclass(slots=True)
class _Waiting:
    after: Position
    counts_as: Literal["sent", "bad", "refused"]
    answered: bool = False
    error: BaseException | None = None

    def then(self, error: BaseException | None) -> None:
        self.error = error
        self.answered = True  # last: the feed's thread reads it first


class Feed:
    """Feeds one source after another to one publisher. A `Watch` for sources that wait."""

    def __init__(
        self,
        publisher: Publisher,
        defaults: Defaults,
        report: Report,
        stopped: Callable[[], bool],
        pace: Pace | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        monotonic: Callable[[], float] = time.monotonic,
        wordings: Wordings | None = None,
    ) -> None:
        """Without ``wordings`` every post has the revision that its source says."""
        self.counts = Counts()
        self.stopped = stopped
        self._publisher = publisher
        self._defaults = defaults
        self._report = report
        self._pace = pace or Pace(None)
        self._now = now
        self._monotonic = monotonic
        self._wordings = wordings
        self._queue: deque[_Waiting] = deque()
        self._failure: FlagpostError | None = None
        self._source: Source | None = None
        self._cursor: Cursor | None = None
        self._acknowledged = Position()
        self._resumed_after: int | None = None
        self._save_due = 0.0

    def run(self, source: Source, cursor: Cursor | None = None) -> Position:
        """Sends ``source`` to its end or until stopped, and returns how far it is acknowledged.

        Raises `InvalidInput` when the source can't be used, and what the publisher failed with; before that, everything
        that was acknowledged is noted in ``cursor``.
        """
        self._source, self._cursor = source, cursor
        try:
            while True:
                start = cursor.load(source) if cursor else None
                self._resumed_after = start.line - 1 if start else None
                self._acknowledged = start or Position()
                try:
                    self._send_and_flush(source)
                finally:
                    self._settle(save=True)
                if self._failure:
                    raise self._failure
                if not source.another():
                    return self._acknowledged
        finally:
            self._source = self._cursor = None
            self._queue.clear()

    def idle(self) -> None:
        """Notes what was acknowledged meanwhile."""
        self._settle()

    # Below: how

    def _send_and_flush(self, source: Source) -> None:
        try:
            self._send_all(source)
        except Exception:  # but not after a second Ctrl-C: then nobody wants to wait
            self._publisher.flush()
            raise
        if not self._failure:  # else the rest would fail too, after as long a wait
            self._publisher.flush()

    def _send_all(self, source: Source) -> None:
        entries = source.entries(self._acknowledged)
        if self._acknowledged == Position():
            first = list(itertools.islice(entries, 1 if source.waits else LOOKED_AT))
            require_usable(source.name, first, self._defaults, self._now())
            entries = itertools.chain(first, entries)
        for entry in self._until_stopped(entries):
            if self._resumed_after is not None:
                self._report.resumed(source.name, self._resumed_after)
                self._resumed_after = None
            self._send(source.name, entry)
            self._settle()
            if self._failure:
                return

    def _until_stopped(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._pace.wait(self.stopped, self.idle)
            if self.stopped():
                return
            yield entry

    def _send(self, name: str, entry: Entry) -> None:
        now = self._now()
        try:
            if isinstance(entry.fields, InvalidMessage):
                raise entry.fields
            record = canonical(entry.fields, self._defaults, now)
            if self._wordings is not None:
                record = self._wordings.revised(record)
            value = encoded(record)
        except InvalidMessage as fault:
            self._refuse(name, entry, fault, now)
            return
        waiting = _Waiting(entry.after, "sent")
        self._queue.append(waiting)
        self._publisher.post(record.uid, value, waiting.then)

    def _refuse(self, name: str, entry: Entry, fault: InvalidMessage, now: dt.datetime) -> None:
        self._report.fault(name, entry.line, fault, kept=entry.raw is not None)
        waiting = _Waiting(entry.after, "refused" if entry.raw is None else "bad")
        self._queue.append(waiting)
        if entry.raw is None:
            waiting.then(None)
            return
        letter = DeadLetter(
            reason=fault.reason,
            detail=fault.detail[:MAX_DETAIL],
            stage="ingest",
            origin=f"{name}:{entry.line}"[-MAX_ORIGIN:],
            dead_at=now,
        )
        self._publisher.dead_letter(entry.raw, letter, waiting.then)

    def _settle(self, save: bool = False) -> None:
        while self._queue and self._queue[0].answered:
            front = self._queue[0]
            if front.error is not None:
                self._failure = (
                    front.error if isinstance(front.error, FlagpostError) else FlagpostError(str(front.error))
                )
                break
            match front.counts_as:
                case "sent":
                    self.counts.sent += 1
                case "bad":
                    self.counts.bad += 1
                case "refused":
                    self.counts.refused += 1
            self._acknowledged = front.after
            self._queue.popleft()
        if save or self._monotonic() >= self._save_due:
            self._save_due = self._monotonic() + SAVE_EVERY
            self._report.progressed(self._acknowledged, self.counts)
            if self._wordings is not None:
                self._wordings.save()
            if self._cursor and self._source and self._acknowledged != Position():
                self._cursor.save(self._acknowledged, self._source)
