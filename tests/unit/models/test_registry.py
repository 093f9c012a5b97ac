"""Released models are found where they lie, whole or not."""

from __future__ import annotations

import shutil
from pathlib import Path

from models.manifest import MANIFEST
from models.registry import releases
from tests.unit.models.test_manifest import write_model


def test_models_are_found_in_a_folder_and_below_it_the_latest_first(tmp_path: Path) -> None:
    for name, at in (("old", "2026-01-01T00:00:00Z"), ("archive/new", "2026-03-01T00:00:00Z")):
        (tmp_path / name).mkdir(parents=True)
        write_model(tmp_path / name, activation={"ordinal": 1, "at": at})

    assert [one.folder for one in releases(tmp_path)] == [tmp_path / "archive/new", tmp_path / "old"]
    assert [one.folder for one in releases(tmp_path / "old")] == [tmp_path / "old"]


def test_a_damaged_model_is_listed_last_with_its_problem(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_model(tmp_path / name)
    (tmp_path / "a/model.bin").write_bytes(b"altered")

    whole, damaged = releases(tmp_path)

    assert (whole.folder.name, whole.problem) == ("b", None)
    assert damaged.manifest is None
    assert "was altered" in str(damaged.problem)


def test_hidden_folders_and_those_without_a_manifest_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "corpus").mkdir()
    write_model(tmp_path / ".hidden")

    assert releases(tmp_path) == []
    assert releases(tmp_path / "nowhere") == []


def test_a_model_loses_its_place_with_its_manifest(tmp_path: Path) -> None:
    shutil.copytree(write_model(tmp_path), tmp_path / "copy", ignore=lambda *_: [MANIFEST])

    assert len(releases(tmp_path)) == 1
