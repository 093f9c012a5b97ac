"""What is acked and what a cursor holds is always an unbroken beginning of what is durable."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.worker import Worker
from pipeline.delivery import Outage
from pipeline.errors import FlagpostError, KafkaUnavailable, StageHalted
from pipeline.ingest.canonical import Defaults
from pipeline.ingest.cursor import Cursor
from pipeline.ingest.feed import Feed
from pipeline.ingest.in_flight import InFlight
from pipeline.ingest.publish import Then
from pipeline.ingest.report import Counts
from pipeline.ingest.sources import Position
from pipeline.ingest.sources.file import FileSource
from pipeline.ingest.sources.form import Form
from pipeline.message import RecordTooLarge
from pipeline.settings import Settings
from schemas.dead_letter import DeadLetter
from tests.doubles.manual_clock import START, ManualClock

TROUBLES = [None, None, None, Outage("away"), StageHalted("no index", ""), ValueError(), asyncio.CancelledError()]


class Ended(BaseException):
    """The process is no more."""


class OneByOne:
    """A delivery that makes offsets durable one after the other, and may fail in the middle of a batch."""

    def __init__(self) -> None:
        self.durable: list[int] = []
        self.trouble: tuple[int, BaseException] | None = None

    async def deliver(self, batch: Any) -> None:
        for place, one in enumerate(batch):
            if self.trouble and place == self.trouble[0]:
                raise self.trouble[1]
            self.durable.append(one.offset)
        if self.trouble:
            raise self.trouble[1]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(TROUBLES), st.integers(0, 5)), max_size=6))
def test_offsets_are_acked_in_order_and_never_before_they_are_durable(
    batches: list[tuple[int, BaseException | None, int]],
) -> None:
    acked: list[int] = []
    delivery: Any = OneByOne()

    def event(offset: int) -> Any:
        def ack() -> None:
            assert offset in delivery.durable, "acked before it is durable"
            acked.append(offset)

        record = SimpleNamespace(
            topic="posts", partition=0, offset=offset, key=b"", value=b"", timestamp=START.timestamp()
        )
        return SimpleNamespace(message=record, ack=ack)

    async def run() -> None:
        worker = Worker("classify", Settings(), mock.AsyncMock())
        first = 0
        for size, trouble, place in batches:
            delivery.trouble = (place, trouble) if trouble else None
            await worker.deliver(delivery, [event(offset) for offset in range(first, first + size)])
            first += size

    with mock.patch("os._exit", side_effect=Ended):
        try:
            asyncio.run(run())
        except (Ended, asyncio.CancelledError):
            assert any(trouble for _, trouble, _ in batches)
    whole = 0
    for size, trouble, _ in batches:
        if trouble:
            break
        whole += size
    assert acked == list(range(whole))


class Shuffled:
    """A publisher that answers in any order, refuses some and forgets some for ever."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[tuple[str, Then]] = []
        self.durable: set[str] = set()

    def post(self, uid: str, value: bytes, then: Then) -> None:
        self._waiting.append((uid, then))
        while self._waiting and self._chance.random() < 0.4:
            self._answer_one()

    def dead_letter(self, value: bytes, letter: DeadLetter, then: Then) -> None:
        raise AssertionError("every line is good")

    def flush(self) -> None:
        while self._waiting and self._chance.random() < 0.9:
            self._answer_one()
        if self._waiting:
            raise KafkaUnavailable("silent")

    def _answer_one(self) -> None:
        uid, then = self._waiting.pop(self._chance.randrange(len(self._waiting)))
        error = self._chance.choices((None, RecordTooLarge(), KafkaUnavailable("away")), (90, 5, 5))[0]
        if not isinstance(error, KafkaUnavailable):
            self.durable.add(uid)
        then(error)


class Quiet:
    """A `Report` and a `Watch` with nothing to say."""

    def fault(self, *_: Any, **__: Any) -> None: ...

    def resumed(self, name: str, after_line: int) -> None: ...

    def progressed(self, position: Position, counts: Counts) -> None: ...

    def idle(self) -> None: ...

    def stopped(self) -> bool:
        return False


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 25))
def test_before_a_cursor_everything_is_durable_and_run_after_run_all_of_a_file_is(seed: int, lines: int) -> None:
    chance = random.Random(seed)
    durable: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posts.jsonl"
        post = {"source": "x", "text": "t", "created_at": "2026-08-15T11:00:00Z"}
        path.write_text("".join(json.dumps({**post, "id": str(number)}) + "\n" for number in range(lines)), "utf-8")
        for _ in range(1_000):
            publisher, clock = Shuffled(chance), ManualClock()
            source = FileSource(path, Form("jsonl"), Quiet())
            cursor = Cursor(Path(folder) / "cursors", path, "T1")
            feed = Feed(publisher, Defaults(), Quiet(), lambda: False, now=clock.wall, monotonic=clock.monotonic)
            try:
                feed.run(source, cursor)
                done = True
            except FlagpostError:
                done = False
            durable |= publisher.durable
            position = cursor.load(source) or Position()
            cursor.close()
            source.close()
            assert {f"x:{number}" for number in range(position.line - 1)} <= durable
            if done:
                break
        assert done
        assert len(durable) == lines


@given(st.lists(st.one_of(st.integers(1, 60), st.just(0)), max_size=60))
def test_what_is_under_way_never_passes_its_bounds_unless_it_is_one_record_alone(steps: list[int]) -> None:
    bound = InFlight(max_records=5, max_bytes=100, patience=0)
    under_way: list[int] = []
    for size in steps:
        if size == 0:
            if under_way:
                bound.leave(under_way.pop(0))
        elif bound.enter(size):
            under_way.append(size)
        else:
            assert len(under_way) == 5 or sum(under_way) + size > 100
        assert len(under_way) <= 5
        assert sum(under_way) <= 100 or len(under_way) == 1
    assert bound.wait_empty() == (not under_way)
