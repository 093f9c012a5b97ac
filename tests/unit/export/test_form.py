"""What an exported item looks like: rows that a CSV reader reads, and lines that hold the document exactly."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.export.columns import COLUMNS
from pipeline.export.form import BYTE_ORDER_MARK, Form, form_of, writer_of
from pipeline.export.spreadsheet import harmless, restored
from pipeline.index.document import document_of
from pipeline.index.search import Hit
from schemas import codec, mapping
from schemas.item import Decision
from tests.doubles.manual_clock import START
from tests.messages import item

TEXT = '=1+1\r\nshe said "help", and\n-that, was it\x1b[2J'


@pytest.mark.parametrize(
    ("name", "given", "form"),
    [
        (None, None, "csv"),
        (None, "jsonl", "jsonl"),
        ("knife.csv", None, "csv"),
        ("knife.JSONL", None, "jsonl"),
        ("knife.ndjson", None, "jsonl"),
        ("knife.json", "jsonl", "jsonl"),
        ("knife", None, "csv"),
        ("knife.2026", "jsonl", "jsonl"),
    ],
)
def test_the_form_is_what_was_given_or_what_the_name_says(name: str | None, given: Form | None, form: Form) -> None:
    assert form_of(Path(name) if name else None, given) == form


@pytest.mark.parametrize(("name", "given"), [("knife.jsonl", "csv"), ("knife.json", "csv"), ("knife.csv", "jsonl")])
def test_a_name_that_says_another_form_than_was_given_is_refused(name: str, given: Form) -> None:
    with pytest.raises(InvalidInput, match=rf"{name} is named as \w+, and {given} would be written to it") as refused:
        form_of(Path(name), given)
    assert refused.value.hint == f"Give it a name that ends in .{given}."


def hit(text: str = TEXT, **changed: Any) -> Hit:
    document = json.loads(codec.encode(document_of(item("n1", text=text), START)))
    return Hit("abc", None, {**document, **changed}, None)


def written(form: Form, *hits: Hit, bom: bool = False) -> bytes:
    stream = io.BytesIO()
    write = writer_of(form, stream, bom)
    for one in hits:
        write(one)
    return stream.getvalue()


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_a_csv_reader_reads_every_cell_with_its_line_ends() -> None:
    (row,) = rows(written("csv", hit()))
    assert list(row) == list(COLUMNS)
    assert restored(row["text"]) == TEXT
    assert (row["id"], row["uid"]) == ("abc", "x:n1")
    assert row["posted"].endswith("Z")


def test_each_row_ends_as_rfc_4180_says_and_every_text_is_in_quotes() -> None:
    raw = written("csv", hit("plain"), hit("plain"))
    assert raw.count(b"\r\n") == 3
    assert raw.startswith(b'"id","uid",')


def test_a_byte_order_mark_stands_once_at_the_start_and_only_if_wanted() -> None:
    assert written("csv", hit(), bom=True).count(BYTE_ORDER_MARK) == 1
    assert written("csv", hit(), bom=True).startswith(BYTE_ORDER_MARK)
    assert BYTE_ORDER_MARK not in written("csv", hit())


def test_numbers_are_numbers_and_are_not_guarded() -> None:
    place = {"name": "-Pier", "location": {"lat": -51.5, "lon": 0.1}}
    raw = written("csv", hit(geo=place))
    assert b",-51.5,0.1," in raw
    assert rows(raw)[0]["place"] == "'-Pier"


def test_lists_flags_and_what_is_missing_have_a_cell() -> None:
    found = hit(related={"phones": ["+447700900123", "+447700900124"]})
    found = Hit(found.id, None, {**found.document, "flagpost": {**found.document["flagpost"], "unsure": True}}, None)
    (row,) = rows(written("csv", found))
    assert restored(row["phones"]) == "+447700900123; +447700900124"
    assert (row["unsure"], row["dismissed"], row["reviewed_by"], row["roads"]) == ("yes", "", "", "")


def test_an_author_is_named_by_handle_and_by_id_and_neither_can_be_a_formula() -> None:
    (row,) = rows(written("csv", hit(user={"name": "@sal", "full_name": "=Sal", "id": "-77"})))
    assert (row["author"], row["author_name"], row["author_id"]) == ("'@sal", "'=Sal", "'-77")


def test_every_column_is_a_field_of_the_mapping() -> None:
    def known(path: str) -> bool:
        body: Any = {"properties": mapping.mappings()["properties"]}
        for name in path.split("."):
            if body.get("type") == "geo_point":
                return name in ("lat", "lon")
            body = body["properties"].get(name)
            if body is None:
                return False
        return True

    assert [path for path in COLUMNS.values() if path != "_id" and not known(path)] == []


def test_a_decision_is_told() -> None:
    decided = item("n1", review=Decision(by="ada", at=START, dismissed=True, note="=1"), reviews=1)
    document = json.loads(codec.encode(document_of(decided, START)))
    (row,) = rows(written("csv", Hit("abc", None, document, None)))
    assert (row["reviewed_by"], row["dismissed"], row["note"]) == ("ada", "yes", "'=1")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_text_comes_back_from_both_forms(text: str) -> None:
    (row,) = rows(written("csv", hit(message=text)))
    assert row["text"] == harmless(text)
    line = written("jsonl", hit(message=text)).decode()
    assert line.count("\n") == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", line), "a terminal obeys nothing in it"
    assert json.loads(line) == {"_id": "abc", **hit(message=text).document}


@pytest.mark.parametrize("value", [0.1, 1e-7, 123456789.123456789, -0.0])
def test_jsonl_keeps_numbers_exactly(value: float) -> None:
    assert json.loads(written("jsonl", hit(score=value)))["score"] == value
