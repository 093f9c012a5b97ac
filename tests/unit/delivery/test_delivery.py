"""The at-least-once core, rule by rule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline.delivery import Delivery, Outage
from pipeline.errors import NotSetUp, StageHalted
from pipeline.journal import CrashJournal
from pipeline.message import Message
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard, resume
from pipeline.result import DeadLetter, Done, End, Halt, Result, Retry
from pipeline.retry import RetryPolicy
from schemas.dead_letter import DeadLetter as DeadLetterHeaders
from tests.doubles.manual_clock import ManualClock
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import message


class ScriptedStage:
    """Answers as ``answer`` says, and keeps what it was asked."""

    name = "scripted"

    def __init__(self, answer: Callable[[Message, int], Result]) -> None:
        self._answer = answer
        self.calls: list[list[int]] = []
        self.settled: list[tuple[int, End]] = []
        self.settle_answers: list[Retry | None] = []

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        self.calls.append([one.offset for one in messages])
        return [self._answer(one, len(self.calls)) for one in messages]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        if self.settle_answers and (answer := self.settle_answers.pop(0)):
            return answer
        self.settled += [(one.offset, end) for one, end in ends]
        return None


class Bench:
    """A delivery with everything that stands around it."""

    def __init__(self, folder: Path, answer: Callable[[Message, int], Result], limit: float = 60.0) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.producer = RecordingProducer()
        self.stage = ScriptedStage(answer)
        self.metrics = StageMetrics("scripted", self.clock.monotonic)
        self.delivery = Delivery(
            stage=self.stage,
            producer=self.producer,
            journal=CrashJournal(folder / "journal.json"),
            guard=PoisonGuard(folder / "workers" / "scripted.paused"),
            metrics=self.metrics,
            policy=RetryPolicy(first=1.0, longest=4.0, limit=limit),
            clock=self.clock.wall,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
            random=lambda: 0.5,
        )

    async def deliver(self, *messages: Message) -> None:
        await self.delivery.deliver(messages)

    @property
    def journal_is_clean(self) -> bool:
        return not (self.folder / "journal.json").exists()


async def cancelled_at(reached: asyncio.Event, bench: Bench) -> None:
    """Delivers a batch of one and cancels it once ``reached`` is set."""
    task = asyncio.create_task(bench.deliver(*batch(1)))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def batch(size: int) -> list[Message]:
    return [message(b"value %d" % offset, offset, key=b"k%d" % offset) for offset in range(size)]


async def test_a_batch_that_is_done_leaves_a_clean_journal(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Done())
    await bench.deliver(*batch(3))
    assert bench.stage.calls == [[0, 1, 2]]
    assert bench.stage.settled == [(0, Done()), (1, Done()), (2, Done())]
    assert bench.journal_is_clean


async def test_a_dead_letter_carries_the_original_bytes_and_its_origin(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: DeadLetter("not_json", "at byte 3"))
    await bench.deliver(message(b"\xff\x00{", offset=17, partition=4, key=b"x:9"))
    (letter,) = bench.producer.on("dead-letters")
    assert letter.value == b"\xff\x00{"
    assert letter.key == b"x:9"
    headers = DeadLetterHeaders.from_headers(letter.headers)
    assert (headers.reason, headers.detail, headers.stage) == ("not_json", "at byte 3", "scripted")
    assert (headers.topic, headers.partition, headers.offset, headers.tries) == ("posts", 4, 17, 1)


async def test_a_bad_message_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda one, _: DeadLetter("bad") if one.offset == 1 else Done())
    await bench.deliver(*batch(3))
    assert [end for _, end in bench.stage.settled] == [Done(), DeadLetter("bad"), Done()]


async def test_only_what_failed_is_tried_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda one, call: Retry("busy") if one.offset == 1 and call < 3 else Done())
    await bench.deliver(*batch(3))
    assert bench.stage.calls == [[0, 1, 2], [1], [1]]


async def test_a_message_that_stands_twice_in_a_batch_after_a_rebalance_is_no_reason_to_wait(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Done())
    one, other = batch(2)
    await bench.deliver(one, other, one)
    assert bench.stage.calls == [[0, 1, 0]]
    assert bench.clock.slept == []


async def test_waits_grow_with_full_jitter(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _, call: Retry("busy") if call < 5 else Done())
    await bench.deliver(*batch(1))
    assert bench.clock.slept == [0.5, 1.0, 2.0, 2.0]


async def test_an_outage_ends_unacked_with_a_clean_journal(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Retry("elasticsearch is away"), limit=10.0)
    with pytest.raises(Outage, match="elasticsearch is away"):
        await bench.deliver(*batch(2))
    assert sum(bench.clock.slept) <= 10.0
    assert bench.journal_is_clean
    assert bench.stage.settled == []


async def test_halt_ends_unacked_with_a_clean_journal(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Halt("no index", "run setup"))
    with pytest.raises(StageHalted) as caught:
        await bench.deliver(*batch(1))
    assert caught.value.hint == "run setup"
    assert bench.journal_is_clean


async def test_a_missing_topic_or_right_is_no_crash_of_the_message(tmp_path: Path) -> None:
    def refuse(*_: object) -> Result:
        raise NotSetUp("no topic", "run setup")

    for _ in range(4):
        bench = Bench(tmp_path, refuse)
        with pytest.raises(NotSetUp):
            await bench.deliver(*batch(1))
    assert bench.journal_is_clean
    assert bench.producer.sent == []


async def test_who_is_killed_while_waiting_was_not_killed_by_a_message(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _, call: Retry("busy") if call == 1 else Done())

    async def die(_: float) -> None:
        assert bench.journal_is_clean
        raise KeyboardInterrupt

    bench.delivery.sleep = die
    with pytest.raises(KeyboardInterrupt):
        await bench.deliver(*batch(1))
    assert not CrashJournal(tmp_path / "journal.json").is_suspect(batch(1)[0])


async def test_the_time_for_retries_is_the_batchs_not_each_messages(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "journal.json").begin(batch(20))
    bench = Bench(tmp_path, lambda *_: Retry("busy"), limit=10.0)
    with pytest.raises(Outage):
        await bench.deliver(*batch(20))
    assert sum(bench.clock.slept) <= 10.0


async def test_a_cancelled_batch_does_not_count_as_a_crash(tmp_path: Path) -> None:
    waiting = asyncio.Event()
    bench = Bench(tmp_path, lambda *_: Retry("busy"))

    async def wait_for_ever(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    bench.delivery.sleep = wait_for_ever
    await cancelled_at(waiting, bench)
    assert bench.journal_is_clean


async def test_an_unexpected_fault_leaves_the_batch_in_the_journal(tmp_path: Path) -> None:
    def burst(*_: object) -> Result:
        raise ZeroDivisionError

    bench = Bench(tmp_path, burst)
    with pytest.raises(ZeroDivisionError):
        await bench.deliver(*batch(2))
    assert not bench.journal_is_clean


async def test_after_a_crash_the_batch_is_taken_one_at_a_time(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "journal.json").begin(batch(2))
    bench = Bench(tmp_path, lambda *_: Done())
    await bench.deliver(*batch(4))
    assert bench.stage.calls == [[0], [1], [2, 3]]
    assert bench.journal_is_clean


async def test_a_message_that_kills_its_worker_three_times_alone_is_a_dead_letter(tmp_path: Path) -> None:
    for _ in range(3):
        CrashJournal(tmp_path / "journal.json").begin(batch(1))
    bench = Bench(tmp_path, lambda *_: Done())
    await bench.deliver(*batch(2))
    (letter,) = bench.producer.on("dead-letters")
    assert letter.value == b"value 0"
    assert DeadLetterHeaders.from_headers(letter.headers).reason == "crashed"
    assert bench.stage.calls == [[1]]


async def test_only_suspects_go_by_themselves_though_others_stand_between_them(tmp_path: Path) -> None:
    def of_both(*offsets: int) -> list[Message]:
        return [message(b"{}", offset, partition=partition) for offset in offsets for partition in (0, 1)]

    CrashJournal(tmp_path / "journal.json").begin(of_both(4, 5)[:3])
    bench = Bench(tmp_path, lambda *_: Done())
    await bench.deliver(*of_both(4, 5, 6, 7))
    assert bench.stage.calls == [[4], [5], [6, 7], [4], [5, 6, 7]]
    assert bench.journal_is_clean


async def test_nothing_is_settled_while_the_dead_letter_topic_is_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: DeadLetter("bad"), limit=10.0)
    bench.producer.refuse["dead-letters"] = 1000
    with pytest.raises(Outage, match="dead-letter"):
        await bench.deliver(*batch(1))
    assert bench.stage.settled == []


async def test_a_dead_letter_is_written_again_when_it_was_not_acknowledged(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: DeadLetter("bad"))
    bench.producer.refuse["dead-letters"] = 1
    await bench.deliver(*batch(1))
    assert len(bench.producer.on("dead-letters")) == 1
    assert bench.stage.calls == [[0]]


async def test_only_the_dead_letters_that_were_not_acknowledged_are_written_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: DeadLetter("bad"))
    bench.producer.refuse["dead-letters"] = 1
    await bench.deliver(*batch(3))
    assert len(bench.producer.on("dead-letters")) == 3


async def test_settling_is_tried_again_until_it_is_durable(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Done())
    bench.stage.settle_answers = [Retry("outcomes"), None]
    await bench.deliver(*batch(1))
    assert bench.stage.settled == [(0, Done())]


async def test_mostly_bad_messages_pause_the_stage_until_it_is_resumed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda one, _: DeadLetter("bad") if one.offset < 50 else Done())
    await bench.deliver(*batch(50))
    assert bench.delivery.guard.paused
    naps = 0

    async def nap(_: float) -> None:
        nonlocal naps
        naps += 1
        assert bench.metrics.health().state == "paused"
        if naps == 3:
            assert resume(tmp_path, "scripted")

    bench.delivery.sleep = nap
    await bench.deliver(message(b"good", offset=60))
    assert naps == 3
    assert bench.stage.calls[-1] == [60]
    assert bench.metrics.health().state == "running"


async def test_a_stage_that_was_resumed_while_idle_starts_counting_anew(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda one, _: DeadLetter("bad") if one.offset < 80 else Done())
    await bench.deliver(*batch(80))
    assert resume(tmp_path, "scripted")
    await bench.deliver(message(b"good", offset=90))
    assert bench.delivery.guard.paused is None


async def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    await Bench(tmp_path, lambda *_: DeadLetter("bad")).deliver(*batch(50))
    restarted = Bench(tmp_path, lambda *_: Done())
    assert restarted.delivery.guard.paused


async def test_fewer_than_fifty_bad_messages_never_pause(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: DeadLetter("bad"))
    await bench.deliver(*batch(49))
    assert bench.delivery.guard.paused is None


async def test_a_stage_that_answers_for_too_few_messages_is_a_fault(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda *_: Done())

    async def too_few(_: Sequence[Message]) -> Sequence[Result]:
        return []

    bench.stage.handle = too_few  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        await bench.deliver(*batch(1))
