"""What several do about one hold at the same moment, on a real Kafka: a person's word counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kafka import KafkaProducer

from pipeline.elasticsearch_client import connect
from pipeline.errors import StageHalted
from pipeline.retention import hold_book
from pipeline.retention.forget import Request, forget, plan
from pipeline.retention.hold_book import HoldBook
from pipeline.retention.holds import held_record
from pipeline.retention.seek import traces_of
from pipeline.retention.tend import tend
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.item import Item, Withdrawn
from tests.found import records
from tests.integration.kept import (
    NOW,
    ago,
    deleted,
    held,
    hold,
    judged,
    send,
    store,
)
from tests.servers import Flagpost

pytestmark = pytest.mark.integration


def test_what_somebody_holds_or_releases_while_retain_looks_stays_so(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*asked: Any) -> dict[str, Item | Withdrawn]:
        send(ready, "holds", Hold(item=judged("lapsed", 4), by="a.khan", at=NOW, why="case 7"))
        released(ready, "x:freed")
        return {"x:freed": deleted("freed", 1)}  # the hold of it would be renewed

    send(ready, "holds", Hold(item=judged("lapsed", 4), by="j.doyle", at=ago(3), why="case 6", until=ago(1)))
    send(ready, "holds", Hold(item=judged("freed", 4), by="j.doyle", at=ago(3), why="case 6"))
    monkeypatch.setattr("pipeline.retention.tend.stored", meanwhile)
    with connect(ready) as client:
        tend(ready, client, HoldBook(ready), NOW, "flagpost")
    assert {uid: one.why for uid, one in HoldBook(ready).look().items()} == {"x:lapsed": "case 7"}


def test_what_somebody_holds_or_releases_in_the_moment_before_retain_writes_stays_so(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*asked: Any) -> None:
        if not done:
            done.append(asked)
            send(ready, "holds", Hold(item=judged("lapsed", 4), by="a.khan", at=NOW, why="case 7"))
            released(ready, "x:freed")
        really_sent(*asked)

    done: list[Any] = []
    send(ready, "holds", Hold(item=judged("lapsed", 4), by="j.doyle", at=ago(3), why="case 6", until=ago(1)))
    for name in ("freed", "kept"):
        send(ready, "holds", hold(name, "case 6"))
        store(ready, deleted(name, 1), 1)  # the holds of both are renewed
    really_sent = hold_book.send
    monkeypatch.setattr(hold_book, "send", too_late)
    with connect(ready) as client:
        tend(ready, client, HoldBook(ready), NOW, "flagpost")
    assert held(ready) == {
        "x:lapsed": ("a.khan", "case 7", judged("lapsed", 4), None),
        "x:kept": ("j.doyle", "case 6", judged("kept", 4), deleted("kept", 1)),
    }


def test_a_hold_that_nobody_can_read_keeps_none_from_being_put_right_and_stops_whoever_looks(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*asked: Any) -> None:
        if not done:
            done.append(asked)
            send(ready, "holds", hold("1", "case 7"))
            empty_or_worse(ready, "x:2", b"<html>")
        really_sent(*asked)

    done: list[Any] = []
    really_sent = hold_book.send
    monkeypatch.setattr(hold_book, "send", too_late)
    book = HoldBook(ready)
    book.look()
    for tried in (lambda: book.write([held_record(hold("1", "case 6"))], ""), book.look):
        with pytest.raises(StageHalted):
            tried()
    assert [json.loads(one.value)["why"] for one in records(ready, "holds") if one.key == b"x:1"][-1] == "case 7"


def released(settings: Settings, uid: str) -> None:
    empty_or_worse(settings, uid, None)


def empty_or_worse(settings: Settings, uid: str, value: bytes | None) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap())
    producer.send(settings.named("holds"), value, key=uid.encode())
    producer.close()


def test_what_is_held_anew_while_others_are_forgotten_stays_held(ready: Settings) -> None:
    send(ready, "holds", hold("1", "case 6", until=ago(1)), hold("2", "case 6", until=ago(1)))
    with connect(ready) as client:
        traces = traces_of(client, ready, {"x:1", "x:2"})
    doing = plan(traces, HoldBook(ready).look(), NOW)
    assert doing.lapsed == ["x:1", "x:2"]
    send(ready, "holds", hold("1", "case 7"))
    forget(ready, doing, traces, Request("r1", "j.doyle", "request 12", NOW))
    assert {uid: one.why for uid, one in HoldBook(ready).look().items()} == {"x:1": "case 7"}


def test_what_is_held_while_the_question_stands_is_not_forgotten(
    ready: Settings, flagpost: Flagpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(_question: str) -> bool:
        send(ready, "holds", hold("1", "case 7"))
        return True

    store(ready, judged("1", 1), 1)
    monkeypatch.setattr("click.confirm", meanwhile)
    ran = flagpost("forget", "--post", "x:1", "--why", "request 12")
    assert (ran.code, "x:1 can't be forgotten: there is a hold on it" in ran.err) == (2, True), ran.err
    assert records(ready, "posts") == []
    ran = flagpost("forget", "--post", "x:1", "--why", "request 12", "--except-held")
    assert ("0 forgotten." in ran.out, "1 held: once nobody holds them" in ran.out) == (True, True), ran.out
    assert records(ready, "posts") == []


@pytest.mark.parametrize("said", ["released", "held for longer"])
def test_what_is_said_in_the_moment_before_forget_writes_counts_and_no_request_is_lost(
    ready: Settings, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    def too_late(*asked: Any) -> None:
        if not done:
            done.append(asked)
            released(ready, "x:1") if said == "released" else send(ready, "holds", hold("1", "case 7"))
        really_sent(*asked)

    done: list[Any] = []
    send(ready, "holds", hold("1", "case 6"))
    with connect(ready) as client:
        traces = traces_of(client, ready, {"x:1"})
    doing = plan(traces, HoldBook(ready).look(), NOW)
    really_sent = hold_book.send
    monkeypatch.setattr(hold_book, "send", too_late)
    left = forget(ready, doing, traces, Request("r1", "j.doyle", "request 12", NOW))
    there = {uid: (one.why, one.to_forget) for uid, one in HoldBook(ready).look().items()}
    assert (left, there) == (({"x:1"}, {}) if said == "released" else (set(), {"x:1": ("case 7", NOW)}))


@pytest.mark.parametrize("what", ["add", "release"])
def test_a_request_to_forget_outlives_what_is_said_of_its_hold_at_the_same_time(
    ready: Settings, flagpost: Flagpost, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def too_late(*asked: Any) -> None:
        if not done:
            done.append(asked)
            send(ready, "holds", hold("1", "case 6", to_forget=NOW))
        really_sent(*asked)

    done: list[Any] = []
    send(ready, "holds", hold("1", "case 6"))
    really_sent = hold_book.send
    monkeypatch.setattr(hold_book, "send", too_late)
    ran = flagpost("hold", what, "x:1", "--why", "case 7", "--by", "a.khan")
    assert ("run `flagpost forget --post x:1" in ran.out) == (what == "release"), ran.err
    (one,) = HoldBook(ready).look().values()
    assert (one.to_forget, one.why, one.until is None) == (
        NOW,
        *(("case 7", True) if what == "add" else ("case 6", False)),
    )
