"""What a batch that does not go smoothly must not do to its messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path

import pytest

from pipeline.errors import StageHalted
from pipeline.journal import CrashJournal
from pipeline.message import Message, NotAcknowledged, Outgoing, RecordTooLarge, send_in_order
from pipeline.result import DeadLetter, Done, Result
from schemas.topics import DEAD_LETTERS, FLAGGED
from tests.doubles.recording_producer import RecordingProducer
from tests.unit.delivery.test_delivery import Bench, batch, cancelled_at


class RefusesFirst(RecordingProducer):
    """Does not take the first record in; would take every other."""

    asked = 0

    async def send(self, record: Outgoing) -> Awaitable[None]:
        self.asked += 1
        if self.asked == 1:
            raise NotAcknowledged("no room")
        return await super().send(record)


async def test_nothing_is_sent_behind_a_refused_record_though_it_would_be_taken() -> None:
    producer = RefusesFirst()
    sent = await send_in_order(producer, [Outgoing(FLAGGED, b"x:1", b"%d" % number) for number in range(3)])
    assert [type(one) for one in sent] == [NotAcknowledged] * 3
    assert producer.sent == []


async def test_a_batch_that_is_cancelled_in_work_is_no_crash(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Done())
    in_work = asyncio.Event()

    async def work_for_ever(_: Sequence[Message]) -> Sequence[Result]:
        assert not bench.journal_is_clean
        in_work.set()
        await asyncio.Event().wait()
        return []

    bench.stage.handle = work_for_ever  # type: ignore[method-assign]
    await cancelled_at(in_work, bench)
    assert bench.journal_is_clean


async def test_a_dead_letter_that_its_topic_refuses_halts_and_is_not_passed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: DeadLetter("bad"))
    bench.producer.errors[DEAD_LETTERS.name] = RecordTooLarge()
    with pytest.raises(StageHalted, match="larger than its topic takes"):
        await bench.deliver(*batch(1))
    assert bench.stage.settled == []
    assert bench.journal_is_clean


async def test_half_of_the_messages_bad_is_no_reason_to_pause(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda one, _: DeadLetter("bad") if one.offset % 2 else Done())
    await bench.deliver(*batch(100))
    assert bench.delivery.guard.paused is None


async def test_nothing_is_foreseen_while_a_message_is_suspected_of_having_killed_the_process(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "journal.json").begin(batch(1))
    bench = Bench(tmp_path, lambda *_: Done())
    foreseen: list[Sequence[Message]] = []
    bench.stage.foresee = foreseen.append  # type: ignore[attr-defined]
    bench.delivery.foresee(batch(2))
    assert foreseen == []
    await bench.deliver(*batch(1))
    bench.delivery.foresee(batch(2))
    assert foreseen == [batch(2)]
