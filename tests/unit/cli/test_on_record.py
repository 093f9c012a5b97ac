"""What a look at posts leaves in the audit log, before anything of it is shown."""

from __future__ import annotations

import datetime as dt
import getpass

import pytest

from pipeline.circle import Circle
from pipeline.cli import on_record
from pipeline.cli.on_record import OnRecord, described
from pipeline.errors import InvalidInput
from pipeline.index.search import Search
from pipeline.message import Outgoing
from pipeline.settings import Settings
from schemas import codec
from schemas.audit import MOST_CHARACTERS, AuditEntry
from schemas.topics import AUDIT
from tests.doubles.manual_clock import START


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[AuditEntry]:
    """What was recorded."""
    written: list[AuditEntry] = []

    def keep(_: Settings, *entries: Outgoing) -> None:
        written.extend(codec.decode(AUDIT, entry.value) for entry in entries)

    monkeypatch.setattr(on_record, "record", keep)
    return written


def test_a_line_says_who_looked_for_what_and_why_and_what_vouches_for_that(lines: list[AuditEntry]) -> None:
    settings = Settings(kafka_username="ada-k", elasticsearch_username="ada-e")
    OnRecord.of(settings, " case 7 ").write("items-searched", "flagpost-items", query="knife", found="3")
    (line,) = lines
    assert (line.by, line.act, line.on) == (getpass.getuser(), "items-searched", "flagpost-items")
    assert {"why": "case 7", "query": "knife", "found": "3", "user": "ada-e"}.items() <= line.detail.items()
    assert line.detail["host"]
    assert line.detail["uid"].isdecimal()


def test_without_a_reason_none_is_told(lines: list[AuditEntry]) -> None:
    OnRecord.of(Settings(), "  ").write("items-searched", "flagpost-items")
    assert "why" not in lines[0].detail


def test_where_a_reason_must_be_said_nothing_begins_without_one(lines: list[AuditEntry]) -> None:
    with pytest.raises(InvalidInput, match="what you need it for"):
        OnRecord.of(Settings(require_why=True), None)
    OnRecord.of(Settings(require_why=True), "case 7")


def test_what_can_not_be_told_whole_is_refused_and_not_cut(lines: list[AuditEntry]) -> None:
    me = OnRecord.of(Settings(), None)
    me.write("items-searched", "flagpost-items", query="x" * MOST_CHARACTERS)
    with pytest.raises(InvalidInput, match="given as query is longer"):
        me.write("items-searched", "flagpost-items", query="x" * (MOST_CHARACTERS + 1))
    assert len(lines) == 1


def test_a_search_is_told_by_its_conditions_and_no_others() -> None:
    assert described(Search()) == {}
    assert described(
        Search(
            text="knife", labels=("intel", "complaint"), since=START, near=Circle(51.5, -0.12, 2.0), unsure=True,
            reviewed=False, limit=50,
        )
    ) == {
        "query": "knife", "labels": "intel, complaint", "since": START.isoformat(), "near": "51.5,-0.12,2.0",
        "unsure": "yes", "reviewed": "no", "limit": "50",
    }  # fmt: skip
    assert described(Search(until=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))["until"] == "2026-01-01T00:00:00+00:00"
