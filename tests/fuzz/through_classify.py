"""Drives the whole classify stage, as its worker does, between a producer that keeps everything and a manual clock."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from pipeline.classify.judge import Judge
from pipeline.classify.stage import ClassifyStage
from pipeline.delivery import Delivery
from pipeline.journal import CrashJournal
from pipeline.message import Message, NotAcknowledged
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard, pause_file, resume
from schemas.topics import DEAD_LETTERS, OUTCOMES
from tests.doubles.manual_clock import START, ManualClock
from tests.doubles.recording_producer import RecordingProducer, Sent
from tests.fuzz.books import Spot, ends_of
from tests.fuzz.inputs import Input

PARTITIONS: Final = 6
BATCHES: Final = (1, 2, 64, 500)


CALM: Final = {DEAD_LETTERS.name: max(BATCHES), OUTCOMES.name: 2 * PARTITIONS}
"""Records of a topic that are all acknowledged after one that was not: these two are sent again as a whole."""


@dataclass
class UnsureProducer(RecordingProducer):
    """Does not acknowledge a record now and then; half of those are there all the same."""

    chance: Random | None = None
    calm: Counter[str] = field(default_factory=Counter)

    async def _acknowledge(self, sent: Sent, refused: bool) -> None:
        if self.chance and not self.calm[sent.topic] and self.chance.random() < 0.1:
            self.calm[sent.topic] = CALM.get(sent.topic, 10)
            if self.chance.random() < 0.5:
                self.sent.append(sent)
            raise NotAcknowledged("refused by the fuzzer")
        self.calm[sent.topic] = max(0, self.calm[sent.topic] - 1)
        await super()._acknowledge(sent, refused)


async def through_classify(
    given: Sequence[Input], chance: Random, judge: Judge, folder: Path, unsure: bool
) -> dict[Spot, str]:
    """How each of ``given`` ended; the n-th of them has the n-th of `spots`. ``unsure``: see `classified`.

    Raises AssertionError when the books are uneven.
    """
    messages = messages_of(given)
    return ends_of(messages, await classified(messages, chance, judge, folder, unsure), repeats=unsure)


async def classified(
    messages: Sequence[Message], chance: Random, judge: Judge, folder: Path, unsure: bool
) -> RecordingProducer:
    """The producer with all that the stage made of ``messages``.

    ``unsure``: it fails now and then, and another model was here before. Raises AssertionError when a journal is left.
    """
    clock = ManualClock()
    producer = UnsureProducer(chance=chance if unsure else None)
    stage = ClassifyStage(judge, producer, 0.05, clock.wall, took_over_at=START if unsure else None)
    delivery = Delivery(
        stage=stage,
        producer=producer,
        journal=CrashJournal(folder / "journal.json"),
        guard=PoisonGuard(pause_file(folder, stage.name)),
        metrics=StageMetrics(stage.name, clock.monotonic),
        clock=clock.wall,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        random=chance.random,
    )
    for batch in _batches(messages, chance):
        try:
            await delivery.deliver(batch)
        except Exception as error:
            error.add_note(f"raised for these alone: {[one.value async for one in _raising(batch, judge)]}"[:10_000])
            raise
        resume(folder, stage.name)  # most of what is fed here is bad, and means to be
    assert not (folder / "journal.json").exists(), "a batch that is done is still in the journal"
    return producer


def spots() -> Iterator[Spot]:
    """Places of a topic's records in the order of their coming."""
    return ((number % PARTITIONS, number // PARTITIONS) for number in itertools.count())


def counted(given: Sequence[Input], ends: dict[Spot, str]) -> Counter[tuple[str, str]]:
    """(kind, end) → how many."""
    return Counter((one.kind, ends[spot]) for one, spot in zip(given, spots(), strict=False))


def messages_of(given: Sequence[Input]) -> list[Message]:
    """Records of `[posts]`, up to a minute old."""
    return [
        Message("posts", partition, offset, one.key, one.value, START - dt.timedelta(seconds=offset % 60))
        for one, (partition, offset) in zip(given, spots(), strict=False)
    ]


def _batches(messages: Sequence[Message], chance: Random) -> Iterator[Sequence[Message]]:
    start = 0
    while start < len(messages):
        size = chance.choice(BATCHES)
        yield messages[start : start + size]
        start += size


async def _raising(batch: Sequence[Message], judge: Judge) -> AsyncIterator[Message]:
    """Those that a stage of their own can't stand either."""
    for message in batch:
        try:
            await ClassifyStage(judge, RecordingProducer()).handle([message])
        except Exception:
            yield message
