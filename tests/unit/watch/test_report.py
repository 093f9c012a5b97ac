from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from pipeline.errors import NotSetUp
from pipeline.message import NotAcknowledged, Outgoing
from pipeline.metrics import Health
from pipeline.watch import report as reporting
from pipeline.watch.report import Reporter
from schemas import codec
from schemas.topics import WORKERS
from schemas.worker import WorkerReport
from tests.doubles.manual_clock import ManualClock
from tests.doubles.recording_producer import RecordingProducer


class Silent:
    """A Kafka that takes records in and never acknowledges one."""

    async def send(self, record: Outgoing) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()


def said(producer: RecordingProducer) -> list[WorkerReport]:
    return [codec.decode(WORKERS, record.value) for record in producer.on("workers")]


def health(state: str = "running", detail: str = "", lag: int | None = 3) -> Health:
    return Health("classify", state, detail, lag, 0.0)  # type: ignore[arg-type]


async def test_a_worker_says_what_its_health_says() -> None:
    kafka, clock = RecordingProducer(), ManualClock()
    reporter = Reporter("classify", kafka, clock.wall, "control-1", 7)
    started = clock.now
    clock.advance(5)
    reporter.model = "small@1"
    await reporter.say(health("retrying", "Nobody answers."))
    [report] = said(kafka)
    assert kafka.sent[0].key == b"classify/control-1/7"
    assert (report.state, report.detail, report.lag, report.model) == ("retrying", "Nobody answers.", 3, "small@1")
    assert (report.started_at, report.at) == (started, started + dt.timedelta(seconds=5))


async def test_after_its_end_a_worker_says_nothing_more() -> None:
    kafka = RecordingProducer()
    reporter = Reporter("classify", kafka)
    await reporter.ended()
    await reporter.say(health())
    assert [report.state for report in said(kafka)] == ["ended"]


async def test_a_detail_is_cut_to_what_a_record_takes() -> None:
    kafka = RecordingProducer()
    await Reporter("classify", kafka).say(health(detail="x" * 5000))
    assert len(said(kafka)[0].detail) == 512


@pytest.mark.parametrize("fault", [NotAcknowledged("no"), NotSetUp("no topic"), RuntimeError("anything")])
async def test_what_can_not_be_said_stops_nobody(fault: Exception) -> None:
    await Reporter("classify", RecordingProducer(errors={"workers": fault})).say(health())


async def test_a_kafka_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "SAID_WITHIN", 0.05)
    async with asyncio.timeout(20):
        await Reporter("classify", Silent()).say(health())
