"""The alerts in the hands of one process: its writer and its book, and one step after the other.

A step (`Held.step`):

1. What candidates, people, channels and the clock change is noted in a draft of the book, together with the tries of
   pages that begin now. Nothing has happened yet.
2. All of it is written to Kafka in one transaction, and acknowledged.
3. Only then is it taken into the book, are messages Done, and are pages sent.

So whenever the process ends, what stands in `[alerts]` is what was done, or it is about to be done: a page whose try
began and has no outcome is sent again, under the same id.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from pipeline.alert.rules import RulesFile
from pipeline.message import NotAcknowledged
from pipeline.page.book import Book
from pipeline.page.sender import Sender
from pipeline.page.step import Change, step
from pipeline.page.writer import Fenced, Writer

T = TypeVar("T")


class Held:
    """Steps, until one of them is not acknowledged: then nobody knows what is there, and the alerts are read again."""

    def __init__(
        self,
        writer: Writer,
        book: Book,
        rules: Callable[[], RulesFile],
        sender: Sender,
        clock: Callable[[], dt.datetime],
        counted: Callable[[str, str], None],
        changed: Callable[[], None],
    ) -> None:
        """``counted`` is told of each outcome: channel, and what it is counted as. ``changed`` is called when something else
        may be due first.
        """
        self.book = book
        self._writer = writer
        self._rules = rules
        self._sender = sender
        self._clock = clock
        self._counted = counted
        self._changed = changed
        self._lock = asyncio.Lock()
        self._lost: NotAcknowledged | Fenced | None = None
        """Why there are no more steps. Once another has taken over this process must not even read: that would take over
        again.
        """

    def unusable(self) -> dict[str, str]:
        """Channels that can't be used, and why."""
        return self._sender.unusable()

    async def step(self, change: Change[T]) -> T:
        """Does one step. Raises `NotAcknowledged` when nothing is known to have happened, and `Fenced`."""
        async with self._lock:
            if self._lost is not None:
                raise self._lost
            rules, now, sender = self._rules(), self._clock(), self._sender
            sender.use(rules)
            outcomes = sender.outcomes()
            done = step(self.book, rules, now, change, outcomes, sender.free(), sender.sending)
            if records := done.draft.records():
                try:
                    await self._writer.write(records)
                except BaseException as error:  # nobody knows whether it is there: only `[alerts]` does
                    self._lost = error if isinstance(error, Fenced) else NotAcknowledged("the alerts are being read")
                    self._changed()
                    raise
            done.draft.take()
            sender.settled(outcomes)
            sender.launch(done.tries, rules)
            for outcome, counted in zip(outcomes, done.counted, strict=True):
                self._counted(outcome.channel, counted)
            return done.answer
