from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.whole_file import write_whole


@pytest.mark.parametrize("synced", [False, True])
def test_whoever_reads_finds_the_old_content_or_the_new(tmp_path: Path, synced: bool) -> None:
    path = tmp_path / "classify-7.json"
    write_whole(path, b'{"pid": 7}', synced=synced)
    with path.open("rb") as reader:
        write_whole(path, b"new", synced=synced)
        assert reader.read() == b'{"pid": 7}'
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "kept").touch()
    with pytest.raises(OSError, match="directory"):
        write_whole(path, b"new")
    assert (path / "kept").exists()
    assert list(tmp_path.iterdir()) == [path]
