from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.ingest.cursor import Cursor
from pipeline.ingest.sources import Position
from pipeline.ingest.sources.file import FileSource
from pipeline.ingest.sources.form import Form

TEXT = b"".join(b'{"id": %d}\n' % number for number in range(1000))


class Never:
    def stopped(self) -> bool:
        return False

    def idle(self) -> None:
        pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(TEXT)
    return path


def load(path: Path, topic: str = "T1") -> Position | None:
    cursor = Cursor(path.parent / "cursors", path, topic)
    source = FileSource(path, Form("jsonl"), Never())
    try:
        return cursor.load(source)
    finally:
        cursor.close()
        source.close()


def save(path: Path, position: Position, topic: str = "T1") -> None:
    cursor = Cursor(path.parent / "cursors", path, topic)
    source = FileSource(path, Form("jsonl"), Never())
    cursor.save(position, source)
    cursor.close()
    source.close()


HALF = Position(TEXT.index(b"\n", len(TEXT) // 2) + 1, 500)


def test_a_file_is_read_on_from_where_it_was_acknowledged(path: Path) -> None:
    assert load(path) is None
    save(path, HALF)
    assert load(path) == HALF


def test_lines_that_were_appended_since_do_not_matter(path: Path) -> None:
    save(path, HALF)
    path.write_bytes(TEXT + b'{"id": 1000}\n')
    assert load(path) == HALF


@pytest.mark.parametrize(
    "changed", [b"#" + TEXT[1:], TEXT[: HALF.offset - 2] + b"#\n" + TEXT[HALF.offset :], TEXT[:100]]
)
def test_a_file_whose_beginning_changed_is_a_new_file(path: Path, changed: bytes) -> None:
    save(path, HALF)
    path.write_bytes(changed)
    assert load(path) is None


def test_another_topic_has_seen_nothing_of_it(path: Path) -> None:
    save(path, HALF)
    assert load(path, topic="T2") is None


def test_a_cursor_that_can_not_be_read_counts_for_nothing(path: Path) -> None:
    save(path, HALF)
    for file in (path.parent / "cursors").glob("*.json"):
        file.write_bytes(b"{half")
    assert load(path) is None


def test_forgetting_begins_anew(path: Path) -> None:
    save(path, HALF)
    cursor = Cursor(path.parent / "cursors", path, "T1")
    cursor.forget()
    cursor.close()
    assert load(path) is None


def test_one_file_is_read_by_one_process_at_a_time(path: Path) -> None:
    held = Cursor(path.parent / "cursors", path, "T1")
    with pytest.raises(InvalidInput, match="Another `flagpost ingest`"):
        Cursor(path.parent / "cursors", path, "T1")
    held.close()
    Cursor(path.parent / "cursors", path, "T1").close()


def test_a_stream_that_can_not_be_read_twice_gets_no_cursor(path: Path) -> None:
    class Pipe:
        name, waits = "stdin", True
        entries = another = None

        def fingerprint(self, offset: int) -> str | None:
            return None

    cursor = Cursor(path.parent / "cursors", path, "T1")
    cursor.save(HALF, Pipe())  # type: ignore[arg-type]
    assert not list((path.parent / "cursors").glob("*.json"))
    cursor.close()
