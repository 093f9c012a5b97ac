"""No look without a line: what a command finds on Elasticsearch is shown once that is in the audit log, and not before."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit import audited
from pipeline.cli import main, on_record
from pipeline.errors import KafkaUnavailable
from pipeline.export.spreadsheet import restored
from pipeline.index.audit_document import audit_document_of, audit_id
from pipeline.index.document import document_of
from pipeline.message import Outgoing
from pipeline.settings import Settings, load_settings
from schemas import codec
from schemas.audit import AuditEntry
from schemas.topics import AUDIT
from tests.doubles.manual_clock import START
from tests.doubles.scripted_elasticsearch import ScriptedElasticsearch
from tests.messages import item

SECRET = "=the man in the red coat"
LINE: AuditEntry = codec.decode(AUDIT, audited("items-searched", "flagpost-items", START, "ada", query=SECRET).value)

Run = Callable[..., tuple[int, str, str]]


def hits(*sources: tuple[str, Any], total: int | None = None) -> dict[str, Any]:
    found = [
        {"_id": id, "_score": 1.0, "_source": json.loads(codec.encode(one)), "sort": [n]}
        for n, (id, one) in enumerate(sources)
    ]
    return {"_scroll_id": "s", "hits": {"total": {"value": len(found) if total is None else total}, "hits": found}}


@pytest.fixture
def server() -> Iterator[ScriptedElasticsearch]:
    document = document_of(item("n1", text=SECRET), START)
    line = audit_document_of(LINE, START, START)
    with ScriptedElasticsearch() as scripted:
        scripted.on("POST", "/flagpost-items/_search", hits(("abc", document)))
        scripted.on("DELETE", "/_search/scroll", {})
        scripted.on("POST", "/flagpost-audit/_search", hits((audit_id(LINE), line)))
        yield scripted


@pytest.fixture
def run(
    server: ScriptedElasticsearch,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_settings_files: None,
) -> Run:
    """Runs ``flagpost ARGUMENTS…``: its code, what it wrote and what it said about itself."""
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_URL", server.url)

    def run(*arguments: str) -> tuple[int, str, str]:
        load_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


LOOKS = [
    ("search",),
    ("search", "--json"),
    ("export", "--format", "jsonl"),
    ("export",),
    ("audit",),
    ("audit", "--json"),
]


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_what_can_not_be_recorded_is_not_shown(
    run: Run, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Kafka answers; the one that is named listens nowhere."""
    monkeypatch.setenv("FLAGPOST_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    code, out, err = run(*command)
    assert (code, out) == (KafkaUnavailable.exit_code, "")
    assert "What can't be recorded is not done." in err
    assert SECRET not in err


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_the_line_is_there_before_anything_is_shown(
    run: Run, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown_before: list[str] = []

    def keep(_: Settings, *entries: Outgoing) -> None:
        shown_before.append(capsys.readouterr().out)

    monkeypatch.setattr(on_record, "record", keep)
    code, out, err = run(*command)
    assert code == 0, err
    assert shown_before[0] == ""
    assert SECRET in "".join([*shown_before, out])


def test_a_file_is_not_begun_without_a_line_and_not_kept_without_the_second(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def refuse_after(number: int) -> None:
        def keep(_: Settings, *entries: Outgoing) -> None:
            written.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
            if len(written) > number:
                raise KafkaUnavailable("Nobody answers.", "Start it.")

        written.clear()
        monkeypatch.setattr(on_record, "record", keep)

    for number in (0, 1):
        refuse_after(number)
        code, _, err = run("export", "--out", str(tmp_path / "out.csv"))
        assert (code, "Nobody answers" in err) == (3, True)
        assert written[0] == 0
        assert list(tmp_path.iterdir()) == []
    refuse_after(2)
    assert run("export", "--out", str(tmp_path / "out.csv"))[0] == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert restored(row["text"]) == SECRET
    assert row["text"] != SECRET


def test_a_file_is_written_as_it_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = kept_lines(monkeypatch)
    assert run("export", "--out", str(tmp_path / "out.jsonl"))[0] == 0
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["message"] == SECRET
    assert lines[0].detail["format"] == "jsonl"
    written = len(lines)
    for command in (
        ("export", "--format", "jsonl", "--out", str(tmp_path / "out.csv")),
        ("review", "export", str(tmp_path / "out.csv")),
    ):
        code, _, err = run(*command)
        assert (code, "out.csv is named as csv, and jsonl would be written to it" in err) == (2, True)
    assert (len(lines), len(list(tmp_path.iterdir()))) == (written, 1), "nothing was done, so there is no line"


def test_an_export_says_before_how_many_are_expected_and_after_how_many_were_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = kept_lines(monkeypatch)
    assert run("export", "knife", "--label", "intel", "--format", "jsonl", "--why", "case 7")[0] == 0
    before, after = lines
    assert (before.act, after.act) == ("items-exported", "items-export-ended")
    assert {
        "why": "case 7", "query": "knife", "labels": "intel", "format": "jsonl", "to": "standard output", "found": "1",
    }.items() <= before.detail.items()  # fmt: skip
    assert {"written": "1", "complete": "yes", "export": before.detail["export"]}.items() <= after.detail.items()


def test_an_export_that_is_cut_short_is_an_error_and_told_as_one(
    run: Run, server: ScriptedElasticsearch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.instead("POST", "/flagpost-items/_search", hits(("abc", document_of(item("n1"), START)), total=3))
    lines = kept_lines(monkeypatch)
    code, _, err = run("export", "--out", str(tmp_path / "out.csv"))
    assert (code, "found 3 items and gave 1" in err) == (3, True)
    assert (lines[-1].detail["written"], lines[-1].detail["complete"]) == ("1", "no")
    assert list(tmp_path.iterdir()) == []


def test_a_search_tells_its_question_and_not_its_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = kept_lines(monkeypatch)
    run("search", "coat", "--author", "ada", "--unsure")
    (line,) = lines
    assert {"query": "coat", "author": "ada", "unsure": "yes", "found": "1"}.items() <= line.detail.items()
    assert SECRET not in str(line)


def test_where_a_reason_must_be_said_nothing_is_even_asked_without_one(
    run: Run, server: ScriptedElasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAGPOST_REQUIRE_WHY", "true")
    for command in LOOKS:
        code, out, err = run(*command)
        assert (code, out) == (2, "")
        assert "--why" in err
    assert server.requests == []


def test_a_line_that_somebody_altered_on_elasticsearch_is_told_as_that(
    run: Run, server: ScriptedElasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_lines(monkeypatch)
    assert "ALTERED" not in run("audit")[1]
    other = audit_document_of(codec.decode(AUDIT, audited("items-searched", "x", START, "bob").value), START, START)
    server.instead("POST", "/flagpost-audit/_search", hits((audit_id(LINE), other)))
    assert " ALTERED " in run("audit")[1]
    assert json.loads(run("audit", "--json")[1])["altered"] is True


def kept_lines(monkeypatch: pytest.MonkeyPatch) -> list[AuditEntry]:
    lines: list[AuditEntry] = []

    def keep(_: Settings, *entries: Outgoing) -> None:
        lines.extend(codec.decode(AUDIT, entry.value) for entry in entries)

    monkeypatch.setattr(on_record, "record", keep)
    return lines
