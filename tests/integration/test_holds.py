"""Holds on a real Kafka and Elasticsearch: what they keep, held for longer, followed for days, asked again at the end."""

from __future__ import annotations

import json

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.errors import StageHalted
from pipeline.retention.hold_book import RELIED_ON_FOR, HoldBook
from pipeline.retention.tend import tend
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.identity import document_id
from tests.doubles.manual_clock import ManualClock
from tests.integration.kept import (
    NOW,
    YEAR,
    ago,
    audit_of,
    counts,
    deleted,
    forget_deletes_at_once,
    found,
    held,
    hold,
    judged,
    lose_all,
    retained,
    send,
    store,
)
from tests.servers import Flagpost
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

NOBODY_THERE = {"elasticsearch_url": "http://127.0.0.1:1"}


# What is held


def test_a_held_item_is_there_again_after_a_rebuild_from_topics_that_have_forgotten_it(
    ready: Settings, flagpost: Flagpost
) -> None:
    for name in ("kept", "taken-back"):
        store(ready, judged(name, 400), 400)
        assert flagpost("hold", "add", f"x:{name}", "--why", "R v Marsh", "--by", "j.doyle").code == 0
    store(ready, deleted("taken-back", 0), 0)
    assert "1 holds renewed" in flagpost("hold", "restore").out  # the hold knows of the delete now
    forget_deletes_at_once(ready)
    lose_all(ready)
    with WorkerProcesses(ready, "index", **YEAR):
        assert "2 held items given back" in flagpost("hold", "restore").out
        wait_for(lambda: set(found(ready)) == {"kept", "taken-back"}, "the index has what is held")
        wait_until_done(ready, timeout=PATIENCE, stages=("index",))
    assert found(ready)["taken-back"] == "tombstone"
    assert flagpost("hold", "restore").out == "The index has all that is held.\n"
    shown = json.loads(flagpost("hold", "show", "x:taken-back", "--why", "disclosure").out)
    assert shown["item"]["post"]["text"] == "lads dealing by the pier"
    assert [line["by"] for line in audit_of(ready, "hold-added")] == ["j.doyle"] * 2
    assert len(audit_of(ready, "hold-viewed")) == 1


def test_a_hold_ends_when_it_is_released_or_lapses_and_then_the_item_goes(ready: Settings, flagpost: Flagpost) -> None:
    for name in ("released", "lapsed", "held"):
        store(ready, judged(name, 400), 400)
    assert flagpost("hold", "add", document_id("x", "released")[:9], "--why", "case 4", "--by", "j.doyle").code == 0
    assert flagpost("hold", "add", "x:held", "--why", "case 5", "--until", "2100-01-01", "--by", "j.doyle").code == 0
    send(ready, "holds", Hold(item=judged("lapsed", 400), by="j.doyle", at=ago(90), why="case 6", until=ago(1)))
    states = {one["uid"]: one["state"] for one in map(json.loads, flagpost("hold", "list", "--json").out.splitlines())}
    assert states == {"x:released": "held", "x:held": "held", "x:lapsed": "lapsed"}
    assert flagpost("hold", "release", "x:released", "--why", "case closed", "--by", "j.doyle").code == 0
    told = retained(flagpost)
    assert told["lapsed"] == [document_id("x", "lapsed")]
    assert counts(told, "items") == (3, 2, 1)
    assert set(found(ready)) == {"held"}
    assert [line["detail"]["why"] for line in audit_of(ready, "hold-released")] == ["case closed"]
    assert len(audit_of(ready, "hold-lapsed")) == 1
    assert "case 5" in flagpost("hold", "list").out


def test_what_hinders_a_hold_is_one_sentence(ready: Settings, flagpost: Flagpost) -> None:
    store(ready, judged("1", 1), 1)
    assert flagpost("hold", "add", "x:1", "--why", "case 4", "--by", "j.doyle").code == 0
    for arguments, sentence in (
        (
            ("add", "x:1", "--why", "case 5", "--until", "2100-01-01"),
            "x:1 is held for longer already: by j.doyle since",
        ),
        (("add", document_id("x", "1")[:7], "--why", "case 5"), "The id of a held item begins with"),
        (("add", "x:nobody", "--why", "case 5"), "The index has no item"),
        (("add", "x:1", "--why", " "), "empty --why"),
        (("add", "x:1", "--why", "case 5", "--until", "2020-01-01"), "--until has passed"),
        (("release", "x:2", "--why", "over"), "Nothing that is held is named 'x:2'"),
    ):
        ran = flagpost("hold", *arguments)
        assert (ran.code, ran.err.count("\n") <= 2) == (2, True), ran.err
        assert sentence in ran.err
    assert len(audit_of(ready, "hold-added")) == 1


def test_no_hold_ends_by_a_clock_that_is_ahead(ready: Settings) -> None:
    send(ready, "holds", hold("1", "case 6", until=ago(-1)))
    with connect(ready) as client, pytest.raises(StageHalted, match="48 h ahead of Kafka's"):
        tend(ready, client, HoldBook(ready), ago(-2), "flagpost")
    assert set(HoldBook(ready).held()) == {"x:1"}


# Held for longer


def test_an_item_is_held_for_longer_as_it_was_whatever_its_author_does(ready: Settings, flagpost: Flagpost) -> None:
    first, edit = judged("1", 400), judged("1", 399, edited_at=ago(399), text="nothing to see here")
    store(ready, first, 400)
    asked = ("hold", "add", "x:1", "--by", "j.doyle", "--why", "case 4", "--until", "2100-01-01")
    assert flagpost(*asked).out == "x:1 is held until 2100-01-01.\n"
    for there in (edit, deleted("1", 1)):
        store(ready, there, 1)
        with connect(ready) as client:
            tend(ready, client, HoldBook(ready), NOW, "flagpost")
    asked = ("hold", "add", document_id("x", "1")[:8], "--by", "a.khan", "--why", "case 4, retrial")
    ran = flagpost(*asked, "--until", "2101-02-03", env=NOBODY_THERE)
    assert ran.out.startswith(
        "x:1 is held now until 2101-02-03, with the item as it was held first; before: by j.doyle"
    )
    assert ran.out.endswith(" until 2100-01-01, case 4.\n")
    assert held(ready) == {"x:1": ("a.khan", "case 4, retrial", first, deleted("1", 1))}
    added, again = audit_of(ready, "hold-added")
    assert (added["by"], again["by"], again["detail"]["held_by"]) == ("j.doyle", "a.khan", "j.doyle")
    assert (again["detail"]["why"], again["detail"]["held_until"]) == ("case 4, retrial", added["detail"]["until"])


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
