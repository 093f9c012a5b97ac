"""From a request's posts to Kafka's acknowledgements: the blocking publisher runs in threads, answers come back here."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import KafkaUnavailable
from pipeline.ingest.canonical import Defaults, canonical, encoded
from pipeline.ingest.http.answers import Receipt, Rejected
from pipeline.ingest.http.body import Entry
from pipeline.ingest.publish import Publisher
from pipeline.ingest.wordings import Wordings
from schemas.codec import InvalidMessage


@dataclass(frozen=True, slots=True)
class _Good:
    uid: str
    value: bytes


class _Answers:
    """Collects the publisher's answers to ``number`` posts; `done` is set with the errors when all are there."""

    def __init__(self, number: int) -> None:
        self.done: concurrent.futures.Future[list[BaseException]] = concurrent.futures.Future()
        self._left = number
        self._errors: list[BaseException] = []
        self._lock = threading.Lock()

    def then(self, error: BaseException | None) -> None:
        with self._lock:
            if error is not None:
                self._errors.append(error)
            self._left -= 1
            last = self._left == 0
        if last and not self.done.done():
            self.done.set_result(self._errors)


async def deliver(
    entries: Sequence[Entry],
    defaults: Defaults,
    now: dt.datetime,
    publisher: Publisher,
    threads: concurrent.futures.Executor,
    seconds: float,
    wordings: Wordings | None = None,
) -> Receipt:
    """Sends the good ones and returns when Kafka has acknowledged them all.

    Raises `KafkaUnavailable` when it did not within ``seconds``: then nothing counts as taken.
    """
    good, rejected = _sorted(entries, defaults, now, wordings)
    if good:
        answers = _Answers(len(good))
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                await loop.run_in_executor(threads, _send, good, publisher, answers)
                errors = await asyncio.wrap_future(answers.done)
        except TimeoutError:
            raise KafkaUnavailable(f"Kafka did not acknowledge within {seconds:.0f} s.") from None
        if errors:
            raise KafkaUnavailable(str(errors[0])) from errors[0]
    return Receipt(len(entries) - len(rejected), rejected)


def _sorted(
    entries: Sequence[Entry], defaults: Defaults, now: dt.datetime, wordings: Wordings | None
) -> tuple[list[_Good], list[Rejected]]:
    good: list[_Good] = []
    rejected: list[Rejected] = []
    for index, entry in enumerate(entries):
        try:
            if isinstance(entry, InvalidMessage):
                raise entry
            record = canonical(entry, defaults, now)
            if wordings is not None:
                record = wordings.revised(record)
            good.append(_Good(record.uid, encoded(record)))
        except InvalidMessage as fault:
            rejected.append(Rejected(index, fault.reason, fault.detail))
    if wordings is not None:
        wordings.save()
    return good, rejected


def _send(good: Sequence[_Good], publisher: Publisher, answers: _Answers) -> None:
    for one in good:
        publisher.post(one.uid, one.value, answers.then)
