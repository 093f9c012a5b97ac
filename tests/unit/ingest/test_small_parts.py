"""Pace, in-flight bound, summary, renewal and options: one or two promises each."""

from __future__ import annotations

import datetime as dt
import json
import threading

import pytest
from kafka import errors as kafka_errors

from pipeline.cli.ingest_options import check_columns, defaults_of, delimiter_of
from pipeline.errors import AccessRefused, FlagpostError, InvalidInput, KafkaUnavailable
from pipeline.ingest.canonical import Defaults
from pipeline.ingest.in_flight import InFlight
from pipeline.ingest.pace import Pace
from pipeline.ingest.renewing import RenewingPublisher
from pipeline.ingest.summary import FileSummary, Summary
from pipeline.kafka_clients import explain
from tests.doubles.manual_clock import ManualClock
from tests.doubles.scripted_publisher import ScriptedPublisher


def test_posts_are_spread_evenly_and_a_pause_is_not_made_good_by_a_burst() -> None:
    clock = ManualClock()
    pace = Pace(10, clock.monotonic, clock.advance)
    for _ in range(21):
        pace.wait(lambda: False, lambda: None)
    assert clock.seconds == pytest.approx(2.0)
    clock.advance(60)
    for _ in range(31):
        pace.wait(lambda: False, lambda: None)
    assert clock.seconds == pytest.approx(64, abs=0.3)


def test_a_slow_pace_notices_a_stop() -> None:
    clock = ManualClock()
    pace = Pace(0.001, clock.monotonic, clock.advance)
    pace.wait(lambda: False, lambda: None)
    pace.wait(lambda: clock.seconds > 1, lambda: None)
    assert clock.seconds < 2


def test_no_more_is_under_way_than_the_bound() -> None:
    bound = InFlight(max_records=10, max_bytes=100, patience=10)
    assert bound.enter(500)  # larger than the bound: alone
    entered = threading.Event()

    def enter() -> None:
        bound.enter(60)
        entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.05)
    bound.leave(500)
    assert entered.wait(5)
    bound.leave(60)
    assert bound.wait_empty()
    thread.join()


def test_silence_ends_the_patience() -> None:
    bound = InFlight(max_records=1, max_bytes=100, patience=0.05)
    bound.enter(1)
    assert not bound.enter(1)
    assert not bound.wait_empty()


def test_nobody_waits_for_the_rest_once_something_failed() -> None:
    bound = InFlight(max_records=10, max_bytes=100, patience=60)
    bound.enter(1)
    bound.give_up()
    assert not bound.enter(1)
    assert not bound.wait_empty()


def test_the_summary_tells_what_a_person_and_a_program_want_to_know() -> None:
    summary = Summary(
        sent=1200, bad=1, refused=0, seconds=2.0, interrupted=False, files=[FileSummary(name="a.jsonl", lines=1201)]
    )
    assert summary.line() == "Sent 1,200 posts, 1 bad line in the dead letters; 2.0 s, 600 posts/s."
    assert json.loads(summary.to_json())["posts_per_second"] == 600
    assert summary.exit_code() == 1


def test_a_distrusted_publisher_is_replaced_and_a_failing_try_is_not_repeated_at_once() -> None:
    clock = ManualClock()
    first, second = ScriptedPublisher(), ScriptedPublisher()
    tries: list[ScriptedPublisher | FlagpostError] = [first, KafkaUnavailable("down"), second]

    def open_one() -> ScriptedPublisher:
        one = tries.pop(0)
        if isinstance(one, FlagpostError):
            raise one
        return one

    publisher = RenewingPublisher(open_one, clock.monotonic)
    publisher.post("x:1", b"1", lambda error: None)
    publisher.distrust()
    for _ in range(2):
        with pytest.raises(KafkaUnavailable):
            publisher.post("x:2", b"2", lambda error: None)
    clock.advance(2)
    publisher.post("x:3", b"3", lambda error: None)
    assert [uid for uid, _ in first.posts + second.posts] == ["x:1", "x:3"]


def test_maps_defaults_and_delimiters_are_read() -> None:
    assert check_columns(["text=body", "author.handle=user", "extra.kind=type"])["text"] == "body"
    assert defaults_of("webform", "now") == Defaults("webform", "now")
    assert defaults_of(None, "2026-08-15T12:00:00+02:00").created_at == dt.datetime(2026, 8, 15, 10, tzinfo=dt.UTC)
    assert (delimiter_of("tab"), delimiter_of(";"), delimiter_of(None)) == ("\t", ";", None)


@pytest.mark.parametrize("maps", [["text"], ["=a"], ["txt=body"], ["text=a", "text=b"], ["text=a", "id=a"]])
def test_a_map_that_can_not_be_meant_is_refused(maps: list[str]) -> None:
    with pytest.raises(InvalidInput, match="--map"):
        check_columns(maps)


@pytest.mark.parametrize(("source", "date"), [("Bad!", None), ("x", "yesterday"), ("x", "2026-08-15T12:00:00")])
def test_defaults_that_no_post_could_have_are_refused(source: str, date: str | None) -> None:
    with pytest.raises(InvalidInput):
        defaults_of(source, date)


@pytest.mark.parametrize("text", ["", "ab", '"', "\n", "ä"])
def test_a_delimiter_is_one_ascii_character(text: str) -> None:
    with pytest.raises(InvalidInput):
        delimiter_of(text)


@pytest.mark.parametrize(
    ("error", "signing_on", "kind"),
    [
        (kafka_errors.SaslAuthenticationFailedError(), True, AccessRefused),
        (kafka_errors.KafkaConnectionError("socket disconnected"), True, AccessRefused),
        (kafka_errors.KafkaConnectionError("socket disconnected"), False, KafkaUnavailable),
        (kafka_errors.KafkaConnectionError("Handshake failed: CERTIFICATE_VERIFY_FAILED"), False, AccessRefused),
        (kafka_errors.TopicAuthorizationFailedError(), False, AccessRefused),
        (kafka_errors.KafkaTimeoutError(), False, KafkaUnavailable),
    ],
)
def test_kafka_pythons_errors_are_told_apart(error: Exception, signing_on: bool, kind: type[FlagpostError]) -> None:
    told = explain(error, "kafka:9092", signing_on)
    assert type(told) is kind
    assert "kafka:9092" in told.message
