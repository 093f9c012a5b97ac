"""A worker's own clock decides nothing: what it sends is the same an hour early, an hour late, or in another century."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.classify.judge import Judge
from pipeline.classify.stage import ClassifyStage
from pipeline.delivery import Delivery
from pipeline.journal import CrashJournal
from pipeline.message import Message
from pipeline.metrics import StageMetrics
from pipeline.pause import PoisonGuard
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.doubles.manual_clock import START, ManualClock
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import message, post

HOUR = dt.timedelta(hours=1)
CLOCKS = {"an hour late": -HOUR, "an hour early": HOUR, "in 1970": dt.timedelta(days=-20_000)}


def of_every_kind() -> list[Message]:
    """Posts with dates that are right, an hour off, and out of bounds by a second; stamped by the broker at START."""
    dates = [START, START - HOUR, START + HOUR, START + 24 * HOUR, START + 24 * HOUR + dt.timedelta(seconds=1)]
    posts = [post(str(number), created_at=date, read_at=START) for number, date in enumerate(dates)]
    edits = [post("edited", created_at=START - HOUR, edited_at=date) for date in dates]
    return [message(record, offset) for offset, record in enumerate([*posts, *edits])]


@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_workers_clock_changes_no_verdict_and_no_version(tmp_path: Path, clock: str) -> None:
    right = await delivered(tmp_path / "right", ManualClock())
    assert await delivered(tmp_path / "wrong", ManualClock(START + CLOCKS[clock])) == right
    assert [record["topic"] for record in right].count("dead-letters") == 2


async def delivered(folder: Path, clock: ManualClock) -> list[dict[str, Any]]:
    """What the classify stage sends, but for the moments that its clock gave."""
    producer = RecordingProducer()
    stage = ClassifyStage(Judge(KeywordClassifier()), producer, clock=clock.wall)
    delivery = Delivery(
        stage=stage,
        producer=producer,
        journal=CrashJournal(folder / "journal.json"),
        guard=PoisonGuard(folder / "classify.paused"),
        metrics=StageMetrics("classify", clock.monotonic),
        clock=clock.wall,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )
    await delivery.deliver(of_every_kind())
    return [{"topic": one.topic, "key": one.key, "value": without_moment(one.value)} for one in producer.sent]


def without_moment(value: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(value)
    body.pop("judged_at", None)
    return body
