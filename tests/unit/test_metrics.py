from __future__ import annotations

import datetime as dt

from prometheus_client import generate_latest

from pipeline.metrics import STALLED_AFTER, STUCK_AFTER, StageMetrics
from pipeline.result import DeadLetter, Done
from tests.doubles.manual_clock import ManualClock


def bench() -> tuple[StageMetrics, ManualClock]:
    clock = ManualClock()
    return StageMetrics("classify", clock.monotonic), clock


def test_a_stage_whose_lag_stops_moving_is_stalled() -> None:
    metrics, clock = bench()
    metrics.progressed()
    metrics.lag(10)
    clock.advance(STALLED_AFTER + 1)
    metrics.lag(10)
    health = metrics.health()
    assert (health.state, health.ok) == ("stalled", False)
    assert "10 messages wait" in health.detail


def test_a_stage_with_nothing_to_do_is_healthy_for_ever() -> None:
    metrics, clock = bench()
    metrics.progressed()
    clock.advance(10 * STALLED_AFTER)
    metrics.lag(0)
    assert metrics.health().ok


def test_the_clock_of_a_stall_starts_when_there_is_work() -> None:
    metrics, clock = bench()
    metrics.lag(0)
    clock.advance(10 * STALLED_AFTER)
    metrics.lag(0)
    metrics.lag(5)
    clock.advance(STALLED_AFTER - 1)
    assert metrics.health().ok


def test_a_batch_that_is_done_ends_a_stall() -> None:
    metrics, clock = bench()
    metrics.lag(10)
    clock.advance(STALLED_AFTER + 1)
    metrics.progressed()
    assert metrics.health().state == "running"


def test_a_paused_stage_says_why_and_is_not_healthy() -> None:
    metrics, _ = bench()
    metrics.paused("60 of the last 60 messages could not be used")
    health = metrics.health()
    assert (health.state, health.ok) == ("paused", False)
    assert "60 of the last 60" in health.detail


def test_ends_are_counted_by_kind_and_note() -> None:
    metrics, _ = bench()
    metrics.ended(Done("flagged"), dt.timedelta(seconds=2))
    assert metrics.registry.get_sample_value("flagpost_dead_letters_total", {"stage": "classify"}) == 0
    metrics.ended(DeadLetter("not_json"), dt.timedelta(seconds=-5))
    assert metrics.registry.get_sample_value("flagpost_dead_letters_total", {"stage": "classify"}) == 1
    page = generate_latest(metrics.registry).decode()
    assert 'flagpost_messages_total{end="done",note="flagged",stage="classify"} 1.0' in page
    assert 'flagpost_messages_total{end="dead_letter",note="not_json",stage="classify"} 1.0' in page
    assert 'flagpost_age_seconds_sum{stage="classify"} 2.0' in page


def test_a_batch_that_never_ends_is_stalled_even_when_the_lag_is_unknown_or_zero() -> None:
    metrics, clock = bench()
    metrics.batch_begun()
    metrics.lag(0)
    clock.advance(STALLED_AFTER + 1)
    metrics.lag(0)
    assert metrics.health().state == "stalled"
    assert not metrics.stuck
    clock.advance(STUCK_AFTER)
    assert metrics.stuck


def test_a_kafka_that_does_not_answer_is_noticed_by_an_idle_stage() -> None:
    metrics, clock = bench()
    metrics.lag(0)
    metrics.lag_unknown()
    clock.advance(STALLED_AFTER + 1)
    metrics.lag_unknown()
    health = metrics.health()
    assert (health.state, health.ok) == ("stalled", False)
    assert "Kafka does not answer" in health.detail


def test_a_stage_that_is_not_paused_says_so_and_tells_of_its_process() -> None:
    metrics, _ = bench()
    at = dt.datetime(2026, 8, 15, tzinfo=dt.UTC)
    metrics.heartbeat(at)
    told, stage = metrics.registry.get_sample_value, {"stage": "classify"}
    assert told("flagpost_paused", stage) == 0
    assert told("flagpost_heartbeat_timestamp_seconds", stage) == at.timestamp()
    assert told("process_resident_memory_bytes")
