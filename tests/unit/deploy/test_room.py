from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import room
from pipeline.errors import LocalStackError


def test_too_little_memory_is_told_with_numbers_and_a_way_out() -> None:
    with pytest.raises(LocalStackError, match=r"need 1\.6 GB of memory, and 0\.9 GB is available") as error:
        room.require_memory(sum(room.MEMORY_NEEDED.values()), available=900_000_000)
    assert "FLAGPOST_KAFKA_BOOTSTRAP" in error.value.hint


def test_enough_memory_is_not_spoken_of() -> None:
    room.require_memory(1_600_000_000, available=1_600_000_000)


def test_too_little_disk_is_told_with_the_folder() -> None:
    with pytest.raises(LocalStackError, match=r"need 2 GB of disk at /data/flagpost, and 1\.5 GB is free"):
        room.require_disk(Path("/data/flagpost"), free=1_500_000_000)


def test_the_disk_of_a_folder_that_is_not_there_yet_is_its_parents(tmp_path: Path) -> None:
    assert room.free_disk(tmp_path / "not" / "yet") > 0


def test_a_containers_limit_counts_and_its_cache_can_be_given_back(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\n")
    assert room.available_memory(tmp_path) == 400


@pytest.mark.parametrize("limit", ["max\n", None])
def test_without_a_limit_the_machines_memory_counts(tmp_path: Path, limit: str | None) -> None:
    if limit:
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text("900\n")
        (tmp_path / "memory.stat").write_text("inactive_file 300\n")
    assert room.available_memory(tmp_path) > 100_000_000
