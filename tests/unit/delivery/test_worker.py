"""What is acked, and when: a worker's events around a scripted delivery."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mode
import pytest

from agents import stage_app
from agents.worker import Worker, lag_in
from pipeline.delivery import Outage
from pipeline.errors import ElasticsearchUnavailable, KafkaUnavailable, NotSetUp, StageHalted
from pipeline.message import Message
from pipeline.metrics import StageMetrics
from pipeline.result import End, Result, Retry
from pipeline.settings import Settings
from pipeline.supervisor import EXIT_FAULT, EXIT_HALTED, EXIT_OUTAGE
from tests.doubles.manual_clock import START


class Ended(BaseException):
    """Instead of the end of this process. Nothing in the worker may catch it."""


class ScriptedDelivery:
    """Does what ``during`` says while a batch is in work."""

    def __init__(self, during: Callable[[], None]) -> None:
        self._during = during
        self.batch: Sequence[Message] = ()

    async def deliver(self, batch: Sequence[Message]) -> None:
        self.batch = batch
        self._during()


class Bench:
    """A worker that takes a batch of three events."""

    def __init__(self, folder: Path) -> None:
        self.worker = Worker("classify", Settings(home=folder, namespace="n"), self._make)
        self.acked: list[int] = []

    async def _make(self, *_: Any) -> Any:
        raise AssertionError("the delivery is scripted")

    def _event(self, offset: int) -> Any:
        record = SimpleNamespace(
            topic="n-posts",
            partition=2,
            offset=offset,
            key=b"x:1",
            value=b"\xff{",
            timestamp=START.timestamp() + offset,
        )
        return SimpleNamespace(message=record, ack=lambda: self.acked.append(offset))

    async def deliver(self, during: Callable[[], None]) -> Sequence[Message]:
        delivery: Any = ScriptedDelivery(during)
        await self.worker.deliver(delivery, [self._event(offset) for offset in (7, 8, 9)])
        return delivery.batch


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr("os._exit", end)
    return Bench(tmp_path)


def failing(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


async def test_a_batch_is_acked_in_order_once_it_is_durable_and_not_before(bench: Bench) -> None:
    acked_in_work: list[int] = []
    await bench.deliver(lambda: acked_in_work.extend(bench.acked))
    assert acked_in_work == []
    assert bench.acked == [7, 8, 9]


async def test_a_message_is_what_kafka_holds(bench: Bench) -> None:
    first, *_ = await bench.deliver(lambda: None)
    assert first == Message("posts", 2, 7, b"x:1", b"\xff{", START + dt.timedelta(seconds=7))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Outage("gave up"), EXIT_OUTAGE),
        (KafkaUnavailable("away"), EXIT_OUTAGE),
        (ElasticsearchUnavailable("away"), EXIT_OUTAGE),
        (StageHalted("no index", "run setup"), EXIT_HALTED),
        (NotSetUp("no topic", "run setup"), EXIT_HALTED),
        (ZeroDivisionError(), EXIT_FAULT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_whatever_goes_wrong_ends_the_process_at_once_and_acks_nothing(
    bench: Bench, error: Exception, code: int
) -> None:
    with pytest.raises(Ended) as ended:
        await bench.deliver(failing(error))
    assert ended.value.args == (code,)
    assert bench.acked == []


class Owner:
    """A stage that owns state; says what it is told."""

    name = "page"

    def __init__(self, error: Exception | None = None) -> None:
        self.told: list[Any] = []
        self._error = error

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        return []

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        return None

    async def assigned(self, partitions: Collection[tuple[str, int]]) -> None:
        self.told.append(partitions)
        if self._error:
            raise self._error

    async def revoked(self) -> None:
        self.told.append("revoked")


async def owning(folder: Path, owner: Owner) -> Worker:
    worker = Worker("page", Settings(home=folder, namespace="n"), None)  # type: ignore[arg-type]
    worker._delivery = SimpleNamespace(stage=owner)  # type: ignore[assignment]
    return worker


async def test_a_stage_that_owns_state_is_told_what_it_is_assigned(bench: Bench, tmp_path: Path) -> None:
    owner = Owner()
    worker = await owning(tmp_path, owner)
    await worker.assigned([("n-alert-candidates", 0), ("n-alert-actions", 0)])
    await worker.revoked()
    assert owner.told == [{("alert-candidates", 0), ("alert-actions", 0)}, "revoked"]


async def test_a_stage_that_can_not_read_its_state_ends_the_process(bench: Bench, tmp_path: Path) -> None:
    worker = await owning(tmp_path, Owner(KafkaUnavailable("away")))
    with pytest.raises(Ended) as ended:
        await worker.assigned([])
    assert ended.value.args == (EXIT_OUTAGE,)


async def test_a_batch_that_is_cancelled_is_not_acked(bench: Bench) -> None:
    with pytest.raises(asyncio.CancelledError):
        await bench.deliver(failing(asyncio.CancelledError()))
    assert bench.acked == []


class Slow:
    """A delivery that ends when the test says so."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.delivered = asyncio.Event()
        self.foreseen: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()

    def foresee(self, batch: Sequence[Message]) -> asyncio.Future[None] | None:
        self.log.append(f"foresees {batch[0].offset}")
        return self.foreseen

    async def deliver(self, batch: Sequence[Message]) -> None:
        self.log.append(f"delivers {batch[0].offset}")
        self.begun.set()
        await self.may_end.wait()
        self.log.append(f"done {batch[0].offset}")
        self.delivered.set()


async def test_a_batch_may_be_worked_on_while_the_one_before_is_delivered_and_has_effects_only_after_it(
    bench: Bench,
) -> None:
    slow: Any = Slow()
    await bench.worker.take(slow, [bench._event(1)], full=True)
    second = asyncio.create_task(bench.worker.take(slow, [bench._event(2)], full=True))
    await slow.begun.wait()
    assert not second.done()
    assert set(slow.log) == {"foresees 1", "delivers 1", "foresees 2"}
    assert bench.acked == []
    slow.may_end.set()
    await second
    await bench.worker.take(slow, [bench._event(3)], full=True)
    effects = [line for line in slow.log if not line.startswith("foresees")]
    assert effects == ["delivers 1", "done 1", "delivers 2", "done 2"]
    assert bench.acked == [1, 2]


async def test_a_batch_that_was_not_full_is_worked_through_before_the_next_is_closed(bench: Bench) -> None:
    slow: Any = Slow()
    slow.may_end.set()
    first = asyncio.create_task(bench.worker.take(slow, [bench._event(1)], full=False))
    await slow.delivered.wait()
    assert not first.done(), "it is delivered, but as far as anybody knows the model is still at work on it"
    slow.foreseen.set_result(None)
    await first
    slow.foreseen = asyncio.get_running_loop().create_future()
    await bench.worker.take(slow, [bench._event(2)], full=True)


async def test_where_nothing_is_foreseen_the_next_batch_is_closed_when_this_one_is_delivered(bench: Bench) -> None:
    slow: Any = Slow()
    slow.foreseen = None
    first = asyncio.create_task(bench.worker.take(slow, [bench._event(1)], full=False))
    await slow.begun.wait()
    assert not first.done()
    slow.may_end.set()
    await first
    assert bench.acked == [1]


async def test_what_is_dropped_is_not_acked(bench: Bench) -> None:
    slow: Any = Slow()
    await bench.worker.take(slow, [bench._event(1)], full=True)
    await slow.begun.wait()
    bench.worker.drop()
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await bench.worker.take(slow, [bench._event(2)], full=True)
    assert bench.acked == []


class Timed(Owner):
    """A stage that does things by the clock until the test says what becomes of it."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self._fails = error

    async def run(self, _metrics: StageMetrics) -> None:
        self.told.append("running")
        if self._fails:
            raise self._fails
        try:
            await asyncio.Event().wait()
        finally:
            self.told.append("ended")


async def timed(folder: Path, monkeypatch: pytest.MonkeyPatch, stage: Timed) -> Worker:
    async def start(*_: Any) -> Any:
        return SimpleNamespace(stop=start)

    async def make(*_: Any) -> Any:
        return stage

    monkeypatch.setattr("agents.worker.KafkaProducer.start", start)
    monkeypatch.setattr("agents.worker.HealthServer.start", start)
    worker = Worker("page", Settings(home=folder, namespace="n"), make)
    await worker.start()
    await asyncio.sleep(0)
    return worker


async def test_what_a_stage_does_by_the_clock_begins_with_the_process_and_ends_with_it(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Timed()
    worker = await timed(tmp_path, monkeypatch, stage)
    assert stage.told == ["running"]
    await worker.close()
    await asyncio.sleep(0)
    assert stage.told == ["running", "ended"]


async def test_what_a_stage_does_by_the_clock_ends_the_process_when_it_fails(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await timed(tmp_path, monkeypatch, Timed(Outage("another has taken over")))
    assert worker._timed
    with pytest.raises(Ended) as ended:
        await worker._timed
    assert ended.value.args == (EXIT_OUTAGE,)


class Consumer:
    """One partition: how far it goes, how far all of it was fetched, and what is committed."""

    def __init__(self, end: int, position: int, committed: int | None) -> None:
        self._end, self._position = end, position
        self._committed_offset = {("alerts", 0): committed}

    def assignment(self) -> set[tuple[str, int]]:
        return {("alerts", 0)}

    async def highwaters(self, *places: tuple[str, int]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(places, self._end)

    async def earliest_offsets(self, *places: tuple[str, int]) -> dict[tuple[str, int], int]:
        return dict.fromkeys(places, 0)

    async def position(self, _place: tuple[str, int]) -> int:
        return self._position


@pytest.mark.parametrize(
    ("end", "position", "committed", "taken", "lag"),
    [
        (11, 11, 10, 9, 0),  # only the mark of a transaction is left
        (11, 11, 10, None, 0),  # the same, for a worker that has just started
        (11, 11, 10, 10, 1),  # the last one was taken, and is not done yet
        (11, 10, 10, 9, 1),  # it is not known yet what is there
        (11, 11, 11, 10, 0),
    ],
)
async def test_the_mark_of_a_transaction_is_no_message_to_do(
    end: int, position: int, committed: int | None, taken: int | None, lag: int
) -> None:
    known = {} if taken is None else {("alerts", 0): taken}
    assert await lag_in(Consumer(end, position, committed), known) == lag


@pytest.mark.parametrize(
    "part",
    [stage_app._StageApp, stage_app._CommittedConsumer, stage_app._CommittedThread, stage_app._PromptWorker],
)
def test_what_inherits_from_faust_logs_as_faust_does(part: type[Any]) -> None:
    assert part.logger.name == "faust"  # whose notes of every start and stop are none of ours


async def test_a_worker_in_which_all_has_ended_does_not_wait() -> None:
    assert "_sentinel_task" in vars(mode.Worker), "what waits is called otherwise now"
    async with asyncio.timeout(0.5):
        await stage_app._PromptWorker._sentinel_task(object())
