"""Whatever a cluster answers to a bulk request: nothing is lost, nothing is twice. The index stage as it is delivered."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.delivery import Delivery, Outage
from pipeline.index.bulk import BulkWriter
from pipeline.index.stage import IndexStage
from pipeline.journal import CrashJournal
from pipeline.message import Message
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard
from pipeline.retry import RetryPolicy
from schemas.dead_letter import DeadLetter as DeadLetterHeaders
from tests.doubles.bulk_faults import HANGS, NO_FAULT, PARTLY_BUSY, QUICK_FAULTS, TOO_BUSY, UNAVAILABLE
from tests.doubles.faulty_elasticsearch import BadAnswer, FaultyElasticsearch
from tests.doubles.manual_clock import START, ManualClock
from tests.doubles.memory_index import MemoryIndex, Refusal
from tests.doubles.recording_producer import RecordingProducer
from tests.ledger import _id as id_of
from tests.messages import item, message, post

PATIENCE = 30.0
"""Seconds that the client waits for an answer, as in production."""


@dataclass
class Bench:
    """The index stage in its delivery, before a server that misbehaves."""

    delivery: Delivery
    producer: RecordingProducer
    index: MemoryIndex
    server: FaultyElasticsearch
    journal: Path

    @property
    def texts(self) -> dict[str, str]:
        """_id → text of every document that is stored."""
        return {id: source["message"] for id, (_, source) in self.index.documents.items()}


@asynccontextmanager
async def bench(
    folder: Path, faults: Iterable[BadAnswer] = (), index: MemoryIndex | None = None, patience: float = PATIENCE
) -> AsyncIterator[Bench]:
    index = index or MemoryIndex()
    with FaultyElasticsearch(index, faults) as server:
        client = AsyncElasticsearch(server.url, max_retries=0, request_timeout=patience)
        clock, producer = ManualClock(), RecordingProducer()
        delivery = Delivery(
            stage=IndexStage(BulkWriter(client, "items-write"), clock.wall),
            producer=producer,
            journal=CrashJournal(folder / "journal.json"),
            guard=PoisonGuard(folder / "index.paused"),
            metrics=StageMetrics("index", clock.monotonic),
            policy=RetryPolicy(first=0.1, longest=1.0, limit=60.0),
            clock=clock.wall,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            random=lambda: 0.5,
        )
        try:
            yield Bench(delivery, producer, index, server, folder / "journal.json")
        finally:
            await client.close()


def batch(size: int) -> list[Message]:
    return [
        message(item(f"n{n}", f"text {n}"), offset=n, topic="flagged", key=b"x:n%d" % n, partition=n % 3)
        for n in range(size)
    ]


def expected(size: int, without: Sequence[int] = ()) -> dict[str, str]:
    return {id_of("x", f"n{n}"): f"text {n}" for n in range(size) if n not in without}


@pytest.mark.parametrize("fault", QUICK_FAULTS, ids=lambda fault: fault.name)
async def test_a_bad_answer_loses_nothing_and_stores_nothing_twice(tmp_path: Path, fault: BadAnswer) -> None:
    async with bench(tmp_path, [fault, fault]) as at:
        await at.delivery.deliver(batch(20))
        assert at.server.fired == {fault.name: 2}
        assert at.texts == expected(20)
        assert at.producer.sent == []
        assert len(at.server.bulks) == 3
        assert not at.journal.exists()


@pytest.mark.parametrize("fault", HANGS, ids=lambda fault: fault.name)
async def test_no_answer_loses_nothing_and_stores_nothing_twice(tmp_path: Path, fault: BadAnswer) -> None:
    async with bench(tmp_path, [fault, fault], patience=0.5) as at:
        await at.delivery.deliver(batch(20))
        assert at.server.fired == {fault.name: 2}
        assert at.texts == expected(20)
        assert at.producer.sent == []
        assert not at.journal.exists()


async def test_of_a_partly_stored_bulk_only_the_rest_is_sent_again(tmp_path: Path) -> None:
    async with bench(tmp_path, [PARTLY_BUSY, PARTLY_BUSY]) as at:
        await at.delivery.deliver(batch(21))
        assert at.server.bulks == [21, 7, 3]
        assert at.texts == expected(21)


async def test_an_outage_that_lasts_ends_unacked_and_the_next_worker_stores_everything(tmp_path: Path) -> None:
    index = MemoryIndex()
    async with bench(tmp_path, [TOO_BUSY, UNAVAILABLE] * 1000, index) as at:
        with pytest.raises(Outage):
            await at.delivery.deliver(batch(20))
        assert index.documents == {}
        assert at.producer.sent == []
        assert not at.journal.exists(), "an outage is no message's fault"
        assert sum(at.server.fired.values()) == len(at.server.bulks) > 60
    async with bench(tmp_path, index=index) as at:
        await at.delivery.deliver(batch(20))
        assert at.texts == expected(20)


async def test_a_storm_of_faults_leaves_the_newest_wording_of_every_post(tmp_path: Path) -> None:
    chance = random.Random(20260815)
    storm = chance.choices([*QUICK_FAULTS, *[NO_FAULT] * 6], k=60)
    wordings = [(f"n{number}", edit) for number in range(60) for edit in range(5)]
    chance.shuffle(wordings)
    async with bench(tmp_path, storm) as at:
        for start in range(0, len(wordings), 10):
            await at.delivery.deliver(
                [worded(id, edit, start + at_) for at_, (id, edit) in enumerate(wordings[start : start + 10])]
            )
        assert at.server.left == 0
        assert at.server.fired == Counter(fault.name for fault in storm)
        assert at.texts == {id_of("x", f"n{number}"): "edit 4" for number in range(60)}
        assert at.producer.sent == []


def worded(id: str, edit: int, offset: int) -> Message:
    edited = post(id, f"edit {edit}", edited_at=START + dt.timedelta(seconds=edit))
    return message(item(id, post=edited), offset, topic="flagged")


MOST_REQUESTS: dict[Refusal, int] = {"line": 1, "request": 1 + 2 * ceil(log2(500)), "size": 1 + 2 * ceil(log2(500))}
"""A bad line is named in the answer; what spoils the whole request is found by halving it."""


@pytest.mark.parametrize("refusal", MOST_REQUESTS)
@pytest.mark.parametrize("bad", [0, 137, 499])
async def test_one_bad_item_of_500_is_dead_lettered_alone(tmp_path: Path, refusal: Refusal, bad: int) -> None:
    messages = batch(500)
    async with bench(tmp_path, index=MemoryIndex({id_of("x", f"n{bad}"): refusal})) as at:
        await at.delivery.deliver(messages)
        assert at.texts == expected(500, without=[bad])
        (letter,) = at.producer.sent
        assert (letter.topic, letter.value) == ("dead-letters", messages[bad].value)
        headers = DeadLetterHeaders.from_headers(letter.headers)
        assert headers.reason == ("too_large" if refusal == "size" else "not_indexable")
        assert (headers.topic, headers.partition, headers.offset) == ("flagged", bad % 3, bad)
        assert len(at.server.bulks) <= MOST_REQUESTS[refusal]


async def test_a_batch_that_is_bad_as_a_whole_costs_less_than_two_requests_an_item(tmp_path: Path) -> None:
    refuses: dict[str, Any] = dict.fromkeys(expected(100), "request")
    async with bench(tmp_path, index=MemoryIndex(refuses)) as at:
        await at.delivery.deliver(batch(100))
        assert sorted(letter.value for letter in at.producer.sent) == sorted(one.value or b"" for one in batch(100))
        assert at.index.documents == {}
        assert len(at.server.bulks) < 200
