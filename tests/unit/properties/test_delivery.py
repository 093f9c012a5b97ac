"""Whatever a stage answers and however often, each message ends once, and the dead letters are what came."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery import Delivery, Outage
from pipeline.journal import CrashJournal
from pipeline.message import Message
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard
from pipeline.result import DeadLetter, Done, End, Result, Retry
from pipeline.retry import RetryPolicy
from tests.doubles.manual_clock import ManualClock
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import message

SCRIPTS = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.binary(max_size=4)), min_size=1, max_size=8)
"""For each message: how often it is to be tried again, whether its end is bad, and its value."""


class Scripted:
    """Answers each message as its script says."""

    name = "scripted"

    def __init__(self, scripts: Sequence[tuple[int, bool, bytes]]) -> None:
        self._scripts = scripts
        self.handled: Counter[int] = Counter()
        self.settled: list[tuple[int, End]] = []

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        return [self._answer(one.offset) for one in messages]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        self.settled += [(one.offset, end) for one, end in ends]
        return None

    def _answer(self, offset: int) -> Result:
        retries, bad, _ = self._scripts[offset]
        self.handled[offset] += 1
        if self.handled[offset] <= retries:
            return Retry("busy")
        return DeadLetter("bad") if bad else Done()


def delivery(stage: Scripted, folder: Path, clock: ManualClock, limit: float, refuse: int = 0) -> Delivery:
    return Delivery(
        stage=stage,
        producer=RecordingProducer(refuse={"dead-letters": refuse}),
        journal=CrashJournal(folder / "journal.json"),
        guard=PoisonGuard(folder / "paused"),
        metrics=StageMetrics("scripted", clock.monotonic),
        policy=RetryPolicy(limit=limit),
        clock=clock.wall,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )


@settings(deadline=None, max_examples=60)
@given(SCRIPTS, st.integers(0, 3))
def test_each_message_is_handled_until_it_ends_and_ends_once(
    scripts: list[tuple[int, bool, bytes]], refuse: int
) -> None:
    stage = Scripted(scripts)
    with tempfile.TemporaryDirectory() as folder:
        one = delivery(stage, Path(folder), ManualClock(), limit=600, refuse=refuse)
        asyncio.run(one.deliver([message(value, offset) for offset, (_, _, value) in enumerate(scripts)]))
        assert not (Path(folder) / "journal.json").exists()
    assert stage.handled == {offset: retries + 1 for offset, (retries, _, _) in enumerate(scripts)}
    assert stage.settled == [(n, DeadLetter("bad") if bad else Done()) for n, (_, bad, _) in enumerate(scripts)]
    assert isinstance(one.producer, RecordingProducer)
    found = {int(dict(sent.headers)["flagpost-offset"]): sent.value for sent in one.producer.on("dead-letters")}
    assert found == {offset: value for offset, (_, bad, value) in enumerate(scripts) if bad}


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.floats(1, 200))
def test_no_batch_is_retried_beyond_the_limit(size: int, limit: float) -> None:
    clock = ManualClock()
    stage = Scripted([(10_000, False, b"")] * size)
    with tempfile.TemporaryDirectory() as folder:
        one = delivery(stage, Path(folder), clock, limit)
        try:
            asyncio.run(one.deliver([message(b"", offset) for offset in range(size)]))
        except Outage:
            assert sum(clock.slept) <= limit
            assert stage.settled == []
            return
    raise AssertionError("it went on for ever")
