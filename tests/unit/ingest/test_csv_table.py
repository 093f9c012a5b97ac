from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Entry, Position
from pipeline.ingest.sources.form import Form
from schemas.codec import InvalidMessage


def entries(text: str | bytes, delimiter: str = ",", /, **columns: str) -> list[Entry]:
    data = text.encode() if isinstance(text, str) else text
    form = Form("csv", delimiter, {name.replace("__", "."): column for name, column in columns.items()})
    stream = io.BytesIO(data)
    names, start = form.header(stream.read, "posts.csv")
    stream.seek(start.offset)
    return list(form.entries(stream.read, start, names, "posts.csv"))


def good(entries: list[Entry]) -> list[object]:
    return [entry.fields for entry in entries if not isinstance(entry.fields, InvalidMessage)]


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks() -> None:
    first, second = entries('id,text\r\n1,"Help, ""now""\r\nplease"\r\n2,plain\r\n')
    assert first.fields == {"id": "1", "text": 'Help, "now"\r\nplease'}
    assert (first.line, first.raw) == (2, b'1,"Help, ""now""\r\nplease"\r')
    assert (second.line, second.fields) == (4, {"id": "2", "text": "plain"})


def test_columns_are_mapped_and_reach_into_objects() -> None:
    (entry,) = entries("n,body,user,place.lat\n1,hi,@ann,54.5\n", id="n", text="body", author__handle="user")
    assert entry.fields == {"id": "1", "text": "hi", "author": {"handle": "@ann"}, "place": {"lat": 54.5}}


def test_an_empty_cell_is_missing_but_an_empty_text_is_a_text() -> None:
    (entry,) = entries("id,text,lang\n1,,\n")
    assert entry.fields == {"id": "1", "text": ""}


def test_a_byte_order_mark_and_blank_lines_are_tolerated() -> None:
    assert [entry.line for entry in entries("\ufeffid,text\n\n1,a\n   \n2,b")] == [3, 5]


@pytest.mark.parametrize(
    "line", ['2,"never closed', '2,"text" after', "2,too,many", "2", '2,"open\n3,"b"', b"2,\xff"], ids=repr
)
def test_a_broken_record_costs_only_its_first_line(line: str | bytes) -> None:
    broken = line if isinstance(line, bytes) else line.encode()
    read = entries(b"id,text\n1,a\n" + broken + b"\n4,d\n5,e\n")
    assert read[1].raw == broken.split(b"\n")[0]
    assert isinstance(read[1].fields, InvalidMessage)
    assert good(read)[0] == {"id": "1", "text": "a"}
    assert good(read)[-2:] == [{"id": "4", "text": "d"}, {"id": "5", "text": "e"}]


def test_a_quote_inside_an_unquoted_cell_is_text() -> None:
    assert good(entries('id,text\n1,6" nails\n2,b\n')) == [{"id": "1", "text": '6" nails'}, {"id": "2", "text": "b"}]


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", {}), ("id,id\n", {}), ("id,,text\n", {}), ("id,text\n", {"lang": "tongue"}), ("id,text,n\n", {"id": "n"})],
)
def test_a_header_that_can_not_be_used_is_refused(text: str, columns: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        entries(text, **columns)


CELLS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=2, max_size=2)


@given(st.lists(CELLS, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_pythons_own_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["a", "text"], *rows])
    data = out.getvalue().encode()
    read = entries(data, delimiter)
    assert good(read) == [({"a": row[0]} if row[0] else {}) | {"text": row[1]} for row in rows]
    assert not read or read[-1].after == Position(len(data), data.count(b"\n") + 1)
