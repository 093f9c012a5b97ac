"""The document of an audit line: what is searched of it, the way back, and an id that tells whether it was altered."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit import audited
from pipeline.index.audit_document import audit_document_of, audit_id, entry_of, is_as_written, written_down
from schemas import codec, mapping
from schemas.audit import AuditEntry
from schemas.topics import AUDIT
from tests.doubles.manual_clock import START
from tests.unit.index.test_document import unmapped

SEARCH = AuditEntry(
    at=START,
    by="ada",
    act="items-searched",
    on="flagpost-items",
    detail={"why": "case 7", "query": "knife", "found": "12", "labels": "intel"},
)
EXAMPLES = sorted((Path(mapping.__file__).parent / "examples" / "audit" / "good").iterdir())
SUMMER = dt.timezone(dt.timedelta(hours=1))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
entries = st.builds(
    AuditEntry,
    at=st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.sampled_from([dt.UTC, SUMMER])),
    by=texts,
    act=st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True),
    on=texts,
    detail=st.dictionaries(texts, texts, max_size=5),
)


def document(entry: AuditEntry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(codec.encode(audit_document_of(entry, START, START)))
    return found


def test_what_is_asked_for_has_a_field_of_its_own_by_ecs_names() -> None:
    body = document(SEARCH)
    assert body["@timestamp"] == body["event"]["created"] == START.isoformat().replace("+00:00", "Z")
    assert (body["user"], body["event"]["action"], body["event"]["reason"]) == (
        {"name": "ada"},
        "items-searched",
        "case 7",
    )
    ours = body["flagpost"]["audit"]
    assert (ours["on"], ours["query"], ours["found"]) == ("flagpost-items", "knife", 12)
    assert ours["detail"] == SEARCH.detail


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_field_is_in_the_strict_mapping(path: Path) -> None:
    entry: AuditEntry = codec.decode(AUDIT, path.read_bytes())
    for one in (entry, SEARCH):
        assert unmapped(document(one), mapping.mappings(mapping.AUDIT)["properties"]) == []


@pytest.mark.parametrize("found", ["", "many", "-1", "1" * 40, "٣"])
def test_a_count_that_is_none_is_kept_as_it_was_said(found: str) -> None:
    body = document(msgspec.structs.replace(SEARCH, detail={"found": found}))
    assert "found" not in body["flagpost"]["audit"]
    assert body["flagpost"]["audit"]["detail"] == {"found": found}


@given(entries)
def test_a_stored_line_comes_back_as_it_was_written_and_fits_its_id(entry: AuditEntry) -> None:
    back = entry_of(document(entry))
    assert back == entry
    assert back is not None
    assert audit_id(back) == audit_id(entry)


def test_the_same_line_has_one_id_wherever_it_stands_and_another_line_another() -> None:
    assert (
        audit_id(SEARCH)
        == audit_id(codec.decode(AUDIT, codec.encode(SEARCH)))
        != audit_id(msgspec.structs.replace(SEARCH, by="bob"))
    )
    again = codec.decode(AUDIT, audited("items-searched", "x", START, "ada").value)
    assert len(audit_id(again)) == 52


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["user"].update(name="bob"),
        lambda body: body["event"].update(action="item-viewed"),
        lambda body: body.update({"@timestamp": "2026-08-15T11:00:00.000001Z"}),
        lambda body: body["flagpost"]["audit"].update(on="other"),
        lambda body: body["flagpost"]["audit"]["detail"].update(query="fork"),
        lambda body: body["flagpost"]["audit"].pop("detail"),
    ],
)
def test_a_document_that_was_altered_does_not_fit_its_id(change: Any) -> None:
    body = document(SEARCH)
    change(body)
    altered = entry_of(body)
    assert altered is not None
    assert audit_id(altered) != audit_id(SEARCH)
    assert not is_as_written(audit_id(SEARCH), body)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["event"].update(reason="somebody else's"),
        lambda body: body["event"].update(kind="state"),
        lambda body: body["flagpost"]["audit"].update(query="fork"),
        lambda body: body["flagpost"]["audit"].pop("found"),
    ],
)
def test_an_altered_copy_of_what_a_line_says_is_told_though_the_line_fits_its_id(change: Any) -> None:
    body = document(SEARCH)
    assert is_as_written(audit_id(SEARCH), body)
    change(body)
    assert entry_of(body) == SEARCH
    assert not is_as_written(audit_id(SEARCH), body)


@pytest.mark.parametrize("moment", ["2026-11-27T10:00:00", "yesterday", None])
def test_a_moment_that_is_none_is_an_altered_document(moment: str | None) -> None:
    body = document(SEARCH)
    body["event"]["created"] = moment
    assert not is_as_written(audit_id(SEARCH), body)
    assert written_down(body) is None


@pytest.mark.parametrize("body", [{}, {"@timestamp": 5}, {**document(SEARCH), "event": {"action": "No Act"}}])
def test_what_is_no_line_is_none(body: dict[str, Any]) -> None:
    assert entry_of(body) is None
