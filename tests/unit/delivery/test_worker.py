"""What is acked, and when: a worker's events around a scripted delivery."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents.worker import Worker
from pipeline.delivery import Outage
from pipeline.errors import ElasticsearchUnavailable, KafkaUnavailable, NotSetUp, StageHalted
from pipeline.message import Message
from pipeline.settings import Settings
from pipeline.supervisor import EXIT_FAULT, EXIT_HALTED, EXIT_OUTAGE
from schemas.topics import POSTS
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
        self.worker = Worker("classify", Settings(home=folder), self._make)
        self.acked: list[int] = []

    async def _make(self, *_: Any) -> Any:
        raise AssertionError("the delivery is scripted")

    def _event(self, offset: int) -> Any:
        record = SimpleNamespace(
            partition=2, offset=offset, key=b"x:1", value=b"\xff{", timestamp=START.timestamp() + offset
        )
        return SimpleNamespace(message=record, ack=lambda: self.acked.append(offset))

    async def deliver(self, during: Callable[[], None]) -> Sequence[Message]:
        delivery: Any = ScriptedDelivery(during)
        await self.worker.deliver(delivery, [self._event(offset) for offset in (7, 8, 9)], POSTS)
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


async def test_a_batch_that_is_cancelled_is_not_acked(bench: Bench) -> None:
    with pytest.raises(asyncio.CancelledError):
        await bench.deliver(failing(asyncio.CancelledError()))
    assert bench.acked == []
