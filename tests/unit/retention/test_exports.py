"""Rows are taken out of exported files; the rest stays byte for byte."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from pipeline.cli.shown.forget import in_files
from pipeline.errors import InvalidInput
from pipeline.export.form import writer_of
from pipeline.index.search import Hit
from pipeline.retention.exports import Counted, Wanted, rows_of, take_out
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
    assert rows_of(path, Wanted({"a", "b"})).wanted == 3
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
    assert rows_of(path, Wanted({"b"})).wanted == 1
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
    assert rows_of(path, Wanted((), Author("-sally"))).wanted == 0, "on some source that may be another person"
    assert rows_of(path, Wanted((), Author("@-sally", "x"))).wanted == 2
    assert take_out(path, Wanted((), Author("-sally", "x"), held={"b"})) == 1
    line = b'{"_id": "%b", "user": {"id": "77"}, "flagpost": {"source": "x"}}\n'
    path = file(tmp_path, line % b"a" + line % b"b" + b'{"id": "c", "user": 5}\n')
    assert take_out(path, Wanted((), Author("77", "x"), held={"b"})) == 1


@pytest.mark.parametrize("id", ["77", "-77", "=cmd|' /C calc'!A0"])
def test_rows_of_a_table_are_found_by_the_accounts_id_whatever_its_handle(tmp_path: Path, id: str) -> None:
    rows = io.BytesIO()
    write = writer_of("csv", rows)
    for document, user in (("a", {"name": "sally", "id": id}), ("b", {"name": "sal", "id": id}), ("c", {"id": "78"})):
        write(Hit(document, None, {"user": user, "flagpost": {"source": "x"}}, None))
    path = file(tmp_path, rows.getvalue())
    assert rows_of(path, Wanted((), Author(id, "x"))) == Counted(wanted=2)
    assert take_out(path, Wanted((), Author(id, "x"))) == 2
    assert rows_of(path, Wanted({"a", "b", "c"})).wanted == 1


def test_rows_that_can_not_be_told_to_be_the_authors_or_not_are_counted(tmp_path: Path) -> None:
    reviewed = file(tmp_path, b'{"id": "a", "source": "x"}\n\n{"id": "b", "source": "x"}\n{"id": "c", "source": "x"}\n')
    assert rows_of(reviewed, Wanted({"a"}, Author("77", "x"), held={"b"})) == Counted(wanted=1, nameless=1)
    older = file(tmp_path, b"id,author,source\r\na,sally,x\r\nb,,x\r\nc,ann,x\r\n")
    assert rows_of(older, Wanted((), Author("77", "x"))) == Counted(nameless=1, by_handle=2)
    assert rows_of(older, Wanted((), Author("sally", "x"))) == Counted(wanted=1, nameless=1, by_handle=1)


def test_what_can_not_be_searched_by_author_is_said() -> None:
    rows = {Path("r.jsonl"): Counted(1, nameless=1200), Path("old.csv"): Counted(0, by_handle=3), Path("c"): Counted(2)}
    found, unsure = in_files(rows, Author("77", "x")), in_files(rows, Author("77"))[3:]
    assert found[:3] == ["1 rows in r.jsonl", "0 rows in old.csv", "2 rows in c"]
    assert "1,200 other rows in r.jsonl name no author" in found[3]
    assert "3 other rows in old.csv name authors by handle alone" in found[4]
    assert len(found) == 5
    assert "Without --source no row is found by the author" in unsure[0]
    assert unsure[1:] == found[3:]
    assert in_files(rows, None) == found[:3], "a post is found by its document"
    assert in_files({}, Author("77")) == []


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
    assert rows_of(path, Wanted({"a"})).wanted == 0
