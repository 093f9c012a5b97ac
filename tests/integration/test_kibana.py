"""What the dashboards and searches ask, asked of a real Elasticsearch with a Saturday of items in it, some decided on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from deploy.demo.command import LABELS, SATURDAY
from deploy.demo.today import LAST, moved
from deploy.kibana.__main__ import main
from deploy.kibana.build import saved_objects
from deploy.kibana.names import Names
from deploy.kibana.runs import Ran, run
from deploy.local.stack import Stack
from pipeline.elasticsearch_client import connect
from pipeline.index.alert_document import alert_document_of
from pipeline.index.audit_document import audit_document_of, audit_id
from pipeline.index.document import document_of
from pipeline.settings import Settings, load_settings
from pipeline.setup.elasticsearch import setup_elasticsearch
from schemas import codec, mapping
from schemas.alert import Alert
from schemas.audit import AuditEntry
from schemas.identity import document_id
from schemas.item import Decision, Item
from schemas.post import Author, Place, Post
from schemas.topics import ALERTS
from schemas.verdict import Scores, Verdict
from tests.servers import installation

pytestmark = pytest.mark.integration

NOW = dt.datetime.now(dt.UTC)
MINUTE = dt.timedelta(minutes=1)
NAMED = "white van AB12 CDE on the A27 near Brighton, SW1A 1AA, call 07700 900123 or ///filled.count.soap @force"
ANSWER = (Path(mapping.__file__).parent / "examples" / "alerts" / "good" / "open.json").read_bytes()


def items() -> Iterator[Item]:
    """Those of the Saturday that its writer did not call chatter, as if it had just ended; and one that names everything."""
    labels = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    by_uid = {one["uid"]: one for one in labels if one["label"] != "chatter"}
    for line in SATURDAY.read_bytes().splitlines():
        told = _json(moved(line, NOW - LAST))
        labelled = by_uid.pop(f"{told.get('source')}:{told.get('id')}", None)
        if labelled and "text" in told:
            post = msgspec.convert({name: told[name] for name in told if name in Post.__struct_fields__}, Post)
            yield _item(post, labelled["label"], labelled["grade"] or "routine", len(by_uid))
    author, place = Author("1", "@ada", "Ada"), Place("Brighton", 50.8225, -0.1372)
    post = Post(
        source="x", id="all", text=NAMED, created_at=NOW - MINUTE, author=author, place=place, lang="en",
        url="https://x.example/1",
    )  # fmt: skip
    yield _item(post, "intel", "immediate", 1)


def _json(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _item(post: Post, label: Any, grade: Any, number: int) -> Item:
    """Every tenth was decided on: dismissed, or with another label and grade; every seventh is unsure."""
    verdict = Verdict(
        label=label, scores=Scores(0.4, 0.3, 0.2, 0.1), grade=grade, model="m@1", activation=1, unsure=not number % 7
    )
    decision = None
    if not number % 10:
        by, at = ("a.khan", "b.jones")[number // 10 % 2], max(post.created_at, NOW - 60 * MINUTE)
        corrected: dict[str, Any] = {"label": "complaint", "grade": "prompt"}
        told = {"dismissed": True, "note": "sarcasm"} if not number % 20 else corrected
        decision = Decision(by=by, at=at, **told)
    return Item(post=post, verdict=verdict, judged_at=NOW, reviews=1 if decision else 0, review=decision)


def alerts() -> Iterator[Alert]:
    """Open ones, and some that were acknowledged after one to nine minutes."""
    opened: Alert = codec.decode(ALERTS, ANSWER)
    for number in range(20):
        at = NOW - (number + 10) * MINUTE
        changed: dict[str, Any] = {}
        if number % 2:
            changed = {
                "state": "acknowledged",
                "acknowledged_at": at + (number % 10) * MINUTE,
                "acknowledged_by": "inspector",
            }
        id = f"{opened.id[:-1]}{'abcdefghijklmnopqrstuvwxyz'[number]}"
        yield msgspec.structs.replace(opened, id=id, opened_at=at, updated_at=at, **changed)


def acts() -> Iterator[AuditEntry]:
    yield AuditEntry(
        at=NOW - MINUTE, by="a.khan", act="items-searched", on="x", detail={"query": "knife", "found": "3"}
    )
    yield AuditEntry(at=NOW - MINUTE, by="flagpost", act="page-sent", on="a", detail={"channel": "pager"})


def documents() -> Iterator[tuple[mapping.Index, str, msgspec.Struct]]:
    for item in items():
        yield mapping.ITEMS, document_id(item.source, item.id), document_of(item, NOW)
    for alert in alerts():
        yield mapping.ALERTS, alert.id, alert_document_of(alert, NOW)
    for act in acts():
        yield mapping.AUDIT, audit_id(act), audit_document_of(act, NOW, NOW)


@pytest.fixture(scope="module")
def filled(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation of its own; these tests only read."""
    with installation(stack, tmp_path_factory.mktemp("kibana")) as settings:
        list(setup_elasticsearch(settings))
        lines: list[Any] = []
        for index, id, document in documents():
            lines += [{"index": {"_index": settings.named(index.write_alias), "_id": id}}, codec.encode(document)]
        with connect(settings) as client:
            answer = client.bulk(operations=lines, refresh=True)
        assert not answer["errors"]
        yield settings


@pytest.fixture(scope="module")
def ran(filled: Settings) -> dict[tuple[str, str], Ran]:
    with connect(filled) as client:
        told = list(run(client, saved_objects(Names(filled.namespace))))
    return {(one.request.asking.object.partition("] ")[2], one.request.asking.part): one for one in told}


def test_elasticsearch_refuses_nothing_that_is_asked(ran: dict[tuple[str, str], Ran]) -> None:
    assert {key: one.problem for key, one in ran.items() if one.problem} == {}
    assert len(ran) == 50


def test_everything_that_is_asked_finds_something_on_such_a_day(ran: dict[tuple[str, str], Ran]) -> None:
    """A field that is there and never filled, or a word that no document has, would stay empty."""
    assert {key for key, one in ran.items() if one.hits == 0 or one.buckets == 0} == set()


def test_figures_are_those_that_counting_gives(ran: dict[tuple[str, str], Ran]) -> None:
    told = list(items())
    undecided = [item for item in told if item.grade == "immediate" and not item.review]
    assert ran["Live triage", "Immediate, undecided"].hits == len(undecided) > 0
    assert ran["Live triage", "Immediate, and nobody has decided"].hits == len(undecided)
    assert ran["Immediate, and nobody has decided", ""].hits == len(undecided)
    assert ran["Dismissed", ""].hits == sum(item.dismissed for item in told) > 0
    assert ran["Trends and sources", "Items over time, by label"].hits == len(told)
    labels = ran["Alerts and decisions", "Labels: from the model's to the analyst's"]
    assert labels.hits == sum(bool(item.review and item.review.label) for item in told) > 0
    assert ran["Alerts and decisions", "Open alerts"].hits == 10
    assert ran["Who searched for what", ""].hits == 1
    assert ran["What people did", ""].hits == 1


def test_the_table_of_checks_says_what_elasticsearch_found(filled: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_NAMESPACE", filled.namespace)
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_URL", filled.elasticsearch())
    monkeypatch.setenv("COLUMNS", "300")
    load_settings.cache_clear()
    told = CliRunner().invoke(main, ["check", "--run"])
    load_settings.cache_clear()
    assert told.exit_code == 0
    (line,) = (one for one in told.output.splitlines() if "run on" in one and "Authors" in one)
    assert f"run on {filled.namespace}-flagpost-items" in line
    assert "documents in 10 buckets" in line
