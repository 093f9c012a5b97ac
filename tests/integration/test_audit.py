"""The audit log on a real Kafka and Elasticsearch: every look leaves a line, a line is never changed, `flagpost audit`."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ConflictError
from kafka import KafkaAdminClient, KafkaProducer

from pipeline.audit import audited, record
from pipeline.elasticsearch_client import connect
from pipeline.errors import InvalidInput, NotSetUp
from pipeline.index.audit_document import audit_id
from pipeline.settings import Settings
from schemas import codec, mapping
from schemas.alert import Alert
from schemas.audit import AuditEntry
from schemas.dead_letter import DeadLetter
from schemas.identity import document_id
from schemas.review import Review
from schemas.topics import ALERTS, AUDIT
from tests.doubles.manual_clock import START
from tests.found import hits, records
from tests.integration.test_export import store
from tests.messages import item, review
from tests.servers import Flagpost
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

ALERT: Alert = codec.decode(
    ALERTS, (Path(mapping.__file__).parent / "examples" / "alerts" / "good" / "open.json").read_bytes()
)


def lines(settings: Settings) -> list[AuditEntry]:
    return [codec.decode(AUDIT, one.value) for one in records(settings, "audit")]


def stored(settings: Settings, number: int) -> list[dict[str, Any]]:
    """The documents, once there are so many. The index worker must run."""
    wait_for(lambda: len(hits(settings, "flagpost-audit")) >= number, f"{number} lines are stored")
    return hits(settings, "flagpost-audit")


@pytest.fixture
def seen(ready: Settings) -> Settings:
    """An installation with one of everything that a person may look at."""
    producer = KafkaProducer(bootstrap_servers=ready.bootstrap())
    decided: Review = review("1")
    letter = DeadLetter(
        reason="not_json", stage="classify", detail="", dead_at=START, tries=1, topic="posts", partition=0, offset=0
    )
    for topic, key, value, headers in (
        ("alerts", ALERT.id, codec.encode(ALERT), []),
        ("reviews", decided.uid, codec.encode(decided), []),
        ("dead-letters", "x:1", b"{", letter.to_headers()),
    ):
        partition = 0 if topic == "dead-letters" else None
        producer.send(ready.named(topic), value, key=key.encode(), headers=headers, partition=partition).get(
            timeout=PATIENCE
        )
    producer.close()
    store(ready, [item("1")])
    return ready


EVERY_LOOK = [
    (("search", "pier"), "items-searched", "flagpost-items"),
    (("export", "--format", "jsonl"), "items-exported", "flagpost-items"),
    (("review", "show", "x:1"), "decisions-viewed", document_id("x", "1")),
    (("review", "export"), "decisions-exported", "reviews"),
    (("alerts", "list"), "alerts-listed", "alerts"),
    (("alerts", "show", ALERT.id), "alert-viewed", ALERT.id),
    (("dead-letters", "show", "0:0"), "dead-letter-viewed", "dead-letters 0:0"),
    (("dead-letters", "replay", "0:0", "--yes"), "dead-letters-replayed", "dead-letters"),
    (("audit",), "audit-read", "flagpost-audit"),
]


def test_every_look_leaves_a_line_that_says_who_and_what_for_and_shows_nothing_without_one(
    flagpost: Flagpost, seen: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command, act, on in EVERY_LOOK:
        before = len(lines(seen))
        ran = flagpost(*command, "--why", "case 7")
        assert ran.code == 0, (command, ran.err)
        line = lines(seen)[before]
        named = on if on in (ALERT.id, document_id("x", "1")) else seen.named(on)
        assert (line.act, line.by, line.on, line.detail["why"]) == (act, getpass.getuser(), named, "case 7")
    admin = KafkaAdminClient(bootstrap_servers=seen.bootstrap())
    admin.delete_topics([seen.named("audit")])
    admin.close()
    monkeypatch.setattr("pipeline.send.KNOWN_SECONDS", 0.3)
    monkeypatch.setattr("pipeline.kafka_clients.LOOKS", 1)
    for command, _, _ in EVERY_LOOK:
        ran = flagpost(*command)
        assert (ran.code, ran.out) == (NotSetUp.exit_code, ""), command
        assert "no topic" in ran.err
        assert "What can't be recorded is not done." in ran.err
    assert len(records(seen, "posts")) == 1, "nothing was sent again without a line"


def test_a_line_is_stored_once_and_found_by_who_what_and_when(flagpost: Flagpost, ready: Settings) -> None:
    other = audited("alert-acknowledged", "abcdef", START, "b.lee", note="on my way")
    record(ready, audited("items-searched", "flagpost-items", START, "Ada", query="knife", found="3"), other, other)
    with WorkerProcesses(ready, "index"):
        flagpost("search", "pier", "--why", "case 7")
        assert {one["_id"] for one in stored(ready, 3)} == {audit_id(line) for line in lines(ready)}
        assert len(lines(ready)) == 4, "the same line twice is one"

        def found(*arguments: str) -> list[str]:
            ran = flagpost("audit", "--json", *arguments)
            assert ran.code == 0, ran.err
            return [json.loads(line)["event"]["action"] for line in ran.out.splitlines()]

        assert found("--by", "ada") == ["items-searched"]
        assert found("--act", "alert-acknowledged") == found("--on", "ABC") == ["alert-acknowledged"]
        assert sorted(found("--until", "2026-08-16")) == ["alert-acknowledged", "items-searched"]
        since = found("--since", "1h", "--act", "items-searched")
        assert since == ["items-searched"] * 2, "also what was dated back, by when Kafka took it in"
        assert found("--act", "nonsense") == []
        shown = flagpost("audit", "--by", "b.lee").out
        assert "b.lee  alert acknowledged  abcdef" in shown
        assert "note: on my way" in shown
        assert "written down" in shown, "it says of itself that it was in August"
        assert [line.act for line in lines(ready)].count("audit-read") == 7
        stored(ready, 3 + 7)
        assert "why: case 7" in flagpost("audit", "--act", "items-searched").out


def test_nothing_overwrites_a_line_and_an_altered_one_is_told(flagpost: Flagpost, ready: Settings) -> None:
    line = audited("items-searched", "flagpost-items", START, "ada", query="knife")
    record(ready, line)
    id = audit_id(codec.decode(AUDIT, line.value))
    with WorkerProcesses(ready, "index"):
        (before,) = stored(ready, 1)
        record(
            ready, line, audited("items-searched", "flagpost-items", START, "bob")
        )  # as a stage tells it after a crash
        assert before in stored(ready, 2)
    alias = ready.named(mapping.AUDIT.write_alias)
    with connect(ready) as client:
        with pytest.raises(ConflictError):
            client.create(index=alias, id=id, document=before["_source"])
        altered: dict[str, Any] = {**before["_source"], "user": {"name": "bob"}}
        client.index(index=alias, id=id, document=altered, refresh=True)  # as an administrator can
    assert "ALTERED" in flagpost("audit").out


def test_an_act_that_nobody_could_read_later_is_refused(ready: Settings) -> None:
    with pytest.raises(InvalidInput):
        record(ready, audited("items-searched", "x", START, "b" * 513))
    assert lines(ready) == []


def test_without_the_audit_index_a_worker_says_what_to_do(ready: Settings) -> None:
    with connect(ready) as client:
        client.indices.delete(index=ready.named(mapping.AUDIT.name))
    with WorkerProcesses(ready, "index") as workers:
        wait_for(lambda: workers.says("index", "flagpost setup"), "the worker says what is missing")
