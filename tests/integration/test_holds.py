"""Holds on a real Kafka and a real Elasticsearch: held for longer, followed for days, and asked again before a delete."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.elasticsearch_client import connect
from pipeline.retention.forget import forget, plan
from pipeline.retention.holds import RELIED_ON_FOR, HoldBook
from pipeline.retention.retain import Retention
from pipeline.retention.seek import traces_of
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.item import Item, Withdrawn
from tests.doubles.manual_clock import ManualClock
from tests.found import records
from tests.integration.test_retention import ago, audit_of, deleted, judged, send, store
from tests.servers import Flagpost

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
NOBODY_THERE = {"elasticsearch_url": "http://127.0.0.1:1"}


def hold(id: str, why: str, **fields: Any) -> Hold:
    return Hold(**{"item": judged(id, 4), "by": "j.doyle", "at": ago(3), "why": why, **fields})


# Held for longer


def test_an_item_is_held_for_longer_as_it_was_whatever_its_author_does(ready: Settings, flagpost: Flagpost) -> None:
    first, edit = judged("1", 400), judged("1", 399, edited_at=ago(399), text="nothing to see here")
    store(ready, first, 400)
    asked = ("hold", "add", "x:1", "--by", "j.doyle", "--why", "case 4", "--until", "2100-01-01")
    assert flagpost(*asked).out == "x:1 is held until 2100-01-01.\n"
    for there in (edit, deleted("1", 1)):
        store(ready, there, 1)
        with connect(ready) as client:
            Retention(ready, client, NOW).tend()
    asked = ("hold", "add", document_id("x", "1")[:8], "--by", "a.khan", "--why", "case 4, retrial")
    ran = flagpost(*asked, "--until", "2101-02-03", env=NOBODY_THERE)
    assert ran.out.startswith(
        "x:1 is held now until 2101-02-03, with the item as it was held first; before: by j.doyle"
    )
    assert ran.out.endswith(" until 2100-01-01, case 4.\n")
    assert told(ready) == {"x:1": ("a.khan", "case 4, retrial", first, deleted("1", 1))}
    added, again = audit_of(ready, "hold-added")
    assert (added["by"], again["by"], again["detail"]["held_by"]) == ("j.doyle", "a.khan", "j.doyle")
    assert (again["detail"]["why"], again["detail"]["held_until"]) == ("case 4, retrial", added["detail"]["until"])


def told(settings: Settings) -> dict[str, tuple[str, str, Item, Item | Withdrawn | None]]:
    return {uid: (one.by, one.why, one.item, one.latest) for uid, one in HoldBook(settings).look().items()}


def test_a_hold_that_lapsed_is_renewed_until_retain_has_dropped_it(ready: Settings, flagpost: Flagpost) -> None:
    send(ready, "holds", hold("1", "case 6", until=ago(1), latest=deleted("1", 2)))
    assert "is held now until it is released" in flagpost("hold", "add", "x:1", "--why", "case 7").out
    assert flagpost("retain").code == 0
    (listed,) = map(json.loads, flagpost("hold", "list", "--json").out.splitlines())
    assert (listed["why"], listed["until"], listed["state"]) == ("case 7", None, "deleted")


def test_no_hold_ends_sooner_by_mistake(ready: Settings, flagpost: Flagpost) -> None:
    send(ready, "holds", hold("1", "case 6"))
    asked = ("hold", "add", "x:1", "--why", "case 7", "--until", "2100-01-01")
    ran = flagpost(*asked)
    assert (ran.code, "x:1 is held for longer already: by j.doyle" in ran.err, "--sooner" in ran.err) == (2, True, True)
    assert audit_of(ready, "hold-added") == []
    assert HoldBook(ready).look()["x:1"].why == "case 6"
    assert "is held now until 2100-01-01" in flagpost(*asked, "--sooner").out


# Followed


def test_a_release_that_kafka_has_compacted_away_is_seen_by_who_follows_for_days(ready: Settings) -> None:
    clock = ManualClock(NOW)
    send(ready, "holds", hold("1", "case 6"), hold("2", "case 7"))
    book = HoldBook(ready, clock.wall)
    assert set(book.held()) == {"x:1", "x:2"}
    compacted_away(ready)
    send(ready, "holds", hold("2", "case 7"))
    clock.advance(RELIED_ON_FOR.total_seconds() - 1)
    assert set(book.held()) == {"x:1", "x:2"}, "what was read is built upon for a while"
    clock.advance(RELIED_ON_FOR.total_seconds())
    assert set(book.held()) == {"x:2"}


def compacted_away(settings: Settings) -> None:
    """Leaves nothing of what stands in [holds], as compaction leaves nothing of a release and of what was released."""
    name = settings.named("holds")
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    for policy in ("compact,delete", "compact"):  # Kafka deletes no records of a topic that is compacted only
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": policy})])
        if "delete" in policy:
            admin.delete_records({TopicPartition(name, 0): 2})
    admin.close()


# Asked again before a delete


def test_what_is_held_anew_while_others_are_forgotten_stays_held(ready: Settings) -> None:
    send(ready, "holds", hold("1", "case 6", until=ago(1)), hold("2", "case 6", until=ago(1)))
    with connect(ready) as client:
        traces = traces_of(client, ready, {"x:1", "x:2"})
    doing = plan(traces, HoldBook(ready).held())
    assert doing.lapsed == ["x:1", "x:2"]
    send(ready, "holds", hold("1", "case 7"))
    forget(ready, doing, traces, "r1", "j.doyle", "request 12", NOW)
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
    assert "There is nothing to forget." in flagpost("forget", "--post", "x:1", "--why", "r 12", "--except-held").out
