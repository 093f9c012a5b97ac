"""A released model that is damaged or does not fit is refused in one sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.classifier import UnusableModel
from models.manifest import MANIFEST, SERVED, read_manifest
from schemas.labels import GRADES, LABELS

CALIBRATION = {"labels": 1.0, "grades": 1.0, "holds": 1.0, "labels_moved": [0.0] * 4, "grades_moved": [0.0] * 3}
THRESHOLDS = {"flag": 0.4, "also": 0.2, "unsure": 0.5, "immediate": 0.2}


def write_model(folder: Path, **changes: Any) -> Path:
    for name in SERVED:
        (folder / name).write_bytes(name.encode())
    manifest = {
        "name": "tiny",
        "version": "1",
        "base": {"name": "base", "artifact": "g:a:v", "sha256": "0" * 64, "licence": "MIT"},
        "labels": list(LABELS),
        "grades": list(GRADES),
        "max_tokens": 64,
        "files": {name: hashlib.sha256(name.encode()).hexdigest() for name in SERVED},
        "bias": [0.0] * len(LABELS),
        "calibration": CALIBRATION,
        "thresholds": THRESHOLDS,
        "activation": {"ordinal": 1, "at": "2026-01-01T00:00:00Z"},
        "trained": {"at": "2026-01-01T00:00:00Z", "seed": 1, "corpus_sha256": "0" * 64, "posts": {}, "recipe": {}},
        "metrics": {},
    } | changes
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(UnusableModel) as refused:
        read_manifest(folder)
    message = str(refused.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_whole_model_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(write_model(tmp_path))

    assert manifest.model == "tiny@1"
    assert manifest.thresholds.as_dict() == THRESHOLDS
    assert manifest.activation.at.tzinfo is not None


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "no released model" in refusal(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("{")

    assert "not a model's manifest" in refusal(tmp_path)


@pytest.mark.parametrize("name", SERVED)
def test_an_altered_file_is_refused(tmp_path: Path, name: str) -> None:
    write_model(tmp_path)
    (tmp_path / name).write_bytes(b"altered")

    assert f"{name} of model tiny@1 was altered" in refusal(tmp_path)


@pytest.mark.parametrize("name", SERVED)
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    write_model(tmp_path)
    (tmp_path / name).unlink()

    assert f"{name} can't be read" in refusal(tmp_path)


def test_a_manifest_that_lists_too_few_files_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, files={})

    assert "does not list model.xml" in refusal(tmp_path)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    files = {name: hashlib.sha256(name.encode()).hexdigest() for name in SERVED}
    write_model(tmp_path, files=files | {"../secret": "0" * 64})

    assert "outside its folder" in refusal(tmp_path)


def test_labels_in_another_order_are_refused(tmp_path: Path) -> None:
    write_model(tmp_path, labels=list(reversed(LABELS)))

    assert "in this order" in refusal(tmp_path)


def test_other_grades_are_refused(tmp_path: Path) -> None:
    write_model(tmp_path, grades=["now", "later", "never"])

    assert "grades now, later, never" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["also", "unsure", "immediate"])
def test_a_threshold_that_is_no_probability_is_refused(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, thresholds=THRESHOLDS | {name: 1.5})

    assert f"threshold {name} outside 0 to 1" in refusal(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"calibration": CALIBRATION | {"labels": 0.0}},
        {"calibration": CALIBRATION | {"labels_moved": [0.0]}},
        {"activation": {"ordinal": 1024, "at": "2026-01-01T00:00:00Z"}},
    ],
)
def test_values_out_of_bounds_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_model(tmp_path, **changes)

    assert "for another version of flagpost" in refusal(tmp_path)


def test_a_wrong_count_of_biases_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, bias=[0.0])

    assert "1 biases for 4 labels" in refusal(tmp_path)
