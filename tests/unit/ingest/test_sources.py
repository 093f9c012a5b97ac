from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Position
from pipeline.ingest.sources.file import FileSource, is_regular
from pipeline.ingest.sources.form import Form, form_of
from pipeline.ingest.sources.pipe import PipeSource
from schemas.codec import InvalidMessage

LINES = b"".join(b'{"id": %d}\n' % number for number in range(5))


class Watch:
    """Stops when ``steps`` are used up; each idle moment does the next step."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)
        self.done = False

    def stopped(self) -> bool:
        return self.done

    def idle(self) -> None:
        if self._steps:
            self._steps.pop(0)()
        else:
            self.done = True


def ids(source: FileSource | PipeSource, start: Position | None = None) -> list[object]:
    found: list[object] = []
    while True:
        for entry in source.entries(start or Position()):
            found.append(entry.fields["id"] if isinstance(entry.fields, dict) else entry.fields.reason)
        if not source.another():
            return found


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ingest.sources.file.LOOK_EVERY", 0.001)
    monkeypatch.setattr("pipeline.ingest.sources.pipe.LOOK_EVERY", 0.01)


def test_a_packed_file_is_read_like_another_and_from_a_position(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl.gz"
    path.write_bytes(gzip.compress(LINES))
    assert ids(FileSource(path, Form("jsonl"), Watch())) == [0, 1, 2, 3, 4]
    assert ids(FileSource(path, Form("jsonl"), Watch()), Position(len(b'{"id": 0}\n') * 3, 4)) == [3, 4]


def test_a_damaged_packed_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl.gz"
    path.write_bytes(gzip.compress(LINES)[:-9])
    with pytest.raises(InvalidInput, match="can't be read any further"):
        ids(FileSource(path, Form("jsonl"), Watch()))


def test_csv_goes_on_behind_its_header_wherever_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"id,text\n1,a\n2,b\n")
    assert ids(FileSource(path, Form("csv"), Watch())) == ["1", "2"]
    assert ids(FileSource(path, Form("csv"), Watch()), Position(12, 3)) == ["2"]


def test_a_followed_file_gives_lines_when_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'{"id": 1}\n')
    file = path.open("ab", buffering=0)
    watch = Watch(
        lambda: file.write(b'{"id": 2}\n{"id"'), lambda: file.write(b": 3}\n"), lambda: file.write(b'{"id": 4')
    )
    assert ids(FileSource(path, Form("jsonl"), watch, follow=True)) == [1, 2, 3]


def test_a_followed_file_survives_rotation_and_truncation(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'{"id": 1}\n')

    def rotate() -> None:
        with path.open("ab") as last:
            path.rename(tmp_path / "posts.1")
            last.write(b'{"id": 2}\n')

    watch = Watch(
        rotate,
        lambda: path.write_bytes(b'{"id": 3}\n{"id": 4}\n'),
        lambda: path.write_bytes(b'{"id": 5}\n'),
    )
    assert ids(FileSource(path, Form("jsonl"), watch, follow=True)) == [1, 2, 3, 4, 5]


def test_an_empty_followed_csv_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.touch()
    assert ids(FileSource(path, Form("csv"), Watch(), follow=True)) == []


@pytest.mark.parametrize(("kind", "text"), [("jsonl", LINES), ("csv", b"id,text\n0,a\n1,b\n2,c\n3,d\n4,e\n")])
def test_a_pipe_is_read_to_its_end_however_slowly_it_is_fed(kind: str, text: bytes) -> None:
    reader, writer = os.pipe()

    def feed() -> None:
        for start in range(0, len(text), 7):
            os.write(writer, text[start : start + 7])
            time.sleep(0.002)
        os.close(writer)

    thread = threading.Thread(target=feed)
    thread.start()
    source = PipeSource(reader, "stdin", Form(kind), Watch(*[lambda: None] * 1000))  # type: ignore[arg-type]
    assert [str(one) for one in ids(source)] == ["0", "1", "2", "3", "4"]
    thread.join()
    os.close(reader)


def test_a_waiting_pipe_can_be_stopped() -> None:
    reader, writer = os.pipe()
    assert ids(PipeSource(reader, "stdin", Form("jsonl"), Watch())) == []
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    ("name", "kind", "delimiter"), [("a.jsonl", "jsonl", ","), ("a.NDJSON.gz", "jsonl", ","), ("a.tsv", "csv", "\t")]
)
def test_the_format_follows_from_the_name(name: str, kind: str, delimiter: str) -> None:
    form = form_of(Path(name), None, None, {})
    assert (form.kind, form.delimiter) == (kind, delimiter)


def test_what_is_no_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="doesn't tell its format"):
        form_of(Path("a.xml"), None, None, {})
    with pytest.raises(InvalidInput, match="is a folder"):
        is_regular(tmp_path)
    with pytest.raises(InvalidInput, match="No such file"):
        is_regular(tmp_path / "nope")


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b"\xff", "not_utf8"), (b"{", "not_json"), (b"[1]", "wrong_shape"), (b"[" * 20_000, "not_json")],
)
def test_a_bad_line_says_why(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1}\n' + line + b"\n")
    good, bad = FileSource(path, Form("jsonl"), Watch()).entries(Position())
    assert good.fields == {"id": 1}
    assert isinstance(bad.fields, InvalidMessage)
    assert bad.fields.reason == reason
