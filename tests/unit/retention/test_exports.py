"""Rows are taken out of exported files; the rest stays byte for byte."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.export.form import writer_of
from pipeline.index.search import Hit
from pipeline.retention.exports import Wanted, rows_of, take_out
from pipeline.retention.seek import Author

JSONL = b'{"id": "a", "text": "one\\nline"}\n{ "_id":"b","text":"x"}\n\n{"id": "a"}\n{"id": "c"}'


def table(*rows: tuple[str, ...]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([("id", "text"), *rows])
    return text.getvalue().encode()


def file(folder: Path, content: bytes) -> Path:
    path = folder / "rows"
    path.write_bytes(content)
    path.chmod(0o640)
    return path


def test_rows_of_json_lines_go_and_the_others_stay_as_they_were(tmp_path: Path) -> None:
    path = file(tmp_path, JSONL)
    assert rows_of(path, Wanted({"a", "b"})) == 3
    assert take_out(path, Wanted({"a"})) == 2
    assert path.read_bytes() == b'{ "_id":"b","text":"x"}\n\n{"id": "c"}'
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["rows"]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_row_of_a_table_goes_with_all_its_lines(tmp_path: Path, bom: bytes) -> None:
    path = file(tmp_path, bom + table(("a", 'two\nlines, "quoted"'), ("b", "a"), ("c", "ünï\n")))
    assert take_out(path, Wanted({"a", "c"})) == 2
    assert path.read_bytes() == bom + table(("b", "a"))


def test_the_row_of_the_longest_post_is_read_and_goes(tmp_path: Path) -> None:
    path = file(tmp_path, table(("a", "long " * 60_000), ("b", "x")))
    assert rows_of(path, Wanted({"b"})) == 1
    assert take_out(path, Wanted({"a"})) == 1
    assert path.read_bytes() == table(("b", "x"))


def test_rows_that_name_the_author_go_though_nothing_else_is_known_of_their_posts(tmp_path: Path) -> None:
    rows = io.BytesIO()
    write = writer_of("csv", rows)
    for id, name, source in (
        ("a", "-Sally", "x"),
        ("b", "@-sally", "x"),
        ("c", "-sally", "bluesky"),
        ("d", "ann", "x"),
    ):
        write(Hit(id, None, {"user": {"name": name}, "flagpost": {"source": source}}, None))
    path = file(tmp_path, rows.getvalue())
    assert rows_of(path, Wanted((), Author("-sally"))) == 0, "on some source that may be another person"
    assert rows_of(path, Wanted((), Author("@-sally", "x"))) == 2
    assert take_out(path, Wanted((), Author("-sally", "x"), held={"b"})) == 1
    line = b'{"_id": "%b", "user": {"id": "77"}, "flagpost": {"source": "x"}}\n'
    path = file(tmp_path, line % b"a" + line % b"b" + b'{"id": "c", "user": 5}\n')
    assert take_out(path, Wanted((), Author("77", "x"), held={"b"})) == 1


def test_a_file_without_such_rows_is_not_written_anew(tmp_path: Path) -> None:
    path = file(tmp_path, JSONL)
    before = path.stat()
    assert take_out(path, Wanted({"nobody"})) == 0
    assert path.stat() == before


@pytest.mark.parametrize(
    "content", [b"just words\n", b'{"id": "a"}\nnot json\n', b'{"id": "a"}\n[1]\n', b"text,label\nx,y\n"]
)
def test_what_is_no_export_is_refused_and_left(tmp_path: Path, content: bytes) -> None:
    path = file(tmp_path, content)
    with pytest.raises(InvalidInput, match="not a file that flagpost exported"):
        take_out(path, Wanted({"a"}))
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["rows"]


@pytest.mark.skipif(os.getuid() != 0, reason="only an administrator can give a file to somebody")
def test_a_file_stays_its_owners_whoever_takes_rows_out_of_it(tmp_path: Path) -> None:
    path = file(tmp_path, JSONL)
    os.chown(path, 4711, 4712)
    assert take_out(path, Wanted({"a"})) == 2
    assert (path.stat().st_uid, path.stat().st_gid) == (4711, 4712)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path = file(tmp_path, JSONL)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert take_out(link, Wanted({"a"})) == 2
    assert link.is_symlink()
    assert rows_of(path, Wanted({"a"})) == 0
