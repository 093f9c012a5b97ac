"""A line of the audit log as an auditor reads it."""

from __future__ import annotations

import datetime as dt
import io

import msgspec
import pytest
from rich.console import Console

from pipeline.cli.shown.audit import block
from pipeline.index.audit_document import audit_document_of, audit_id
from pipeline.index.audit_search import Line
from schemas.audit import AuditEntry
from tests.doubles.manual_clock import START
from tests.security.hostile import HOSTILE, obeyed

ENTRY = AuditEntry(
    at=START,
    by="a.khan",
    act="items-searched",
    on="flagpost-items",
    detail={"why": "case 7", "query": "knife", "found": "3", "host": "control-room-3", "uid": "1004", "user": "akhan"},
)


def shown(entry: AuditEntry | None, id: str | None = None, created: dt.datetime = START) -> str:
    written = io.StringIO()
    document = msgspec.to_builtins(audit_document_of(entry, created, created)) if entry else {}
    line = Line(id or audit_id(entry or ENTRY), entry, document)
    Console(file=written, width=80, highlight=False).print(block(line, dt.UTC))
    return written.getvalue()


def test_it_says_who_did_what_when_what_for_and_whence() -> None:
    first, why, detail, whence = (line.strip() for line in shown(ENTRY).splitlines())
    assert first == f"{START:%Y-%m-%d %H:%M:%S}  a.khan  items searched  flagpost-items"
    assert (why, detail) == ("why: case 7", "query: knife · found: 3")
    assert whence == "user akhan, uid 1004, host control-room-3"


def test_a_line_that_was_dated_back_says_when_it_was_written_down() -> None:
    later = START + dt.timedelta(days=400)
    assert f"written down {later:%Y-%m-%d %H:%M:%S}" in shown(ENTRY, created=later)
    assert "written down" not in shown(ENTRY, created=START + dt.timedelta(minutes=1))


def test_a_line_that_does_not_fit_its_id_or_is_none_is_marked() -> None:
    assert "ALTERED" not in shown(ENTRY)
    assert shown(ENTRY, id="2uvodghg").startswith(" ALTERED ")
    assert shown(None).startswith(" ALTERED ")


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_nothing_in_a_line_is_obeyed(evil: str) -> None:
    entry = AuditEntry(at=START, by=evil, act="items-searched", on=evil, detail={"why": evil, evil: evil, "host": evil})
    assert not obeyed(shown(entry))
    assert not obeyed(shown(None, id=evil))
