"""Copies of the released model that must not judge; all but the first agree with their manifest's checksums."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino import opset15 as ops

FILES = ("model.xml", "model.bin")


def altered(released: Path, folder: Path) -> Path:
    """A part of the weights is other than at the release, as after a torn copy."""
    shutil.copytree(released, folder)
    with (folder / "model.bin").open("r+b") as file:
        file.seek(100_000)
        before = file.read(64)
        file.seek(100_000)
        file.write(bytes(byte ^ 0xFF for byte in before))
    return folder


def not_a_number(released: Path, folder: Path) -> Path:
    """Every score is NaN, as after an overflow in training."""
    return _rebuilt(released, folder, lambda labels: ops.add(labels, np.float32(np.nan)))


def swapped(released: Path, folder: Path) -> Path:
    """The graph yields the labels in another order than the manifest says, as after an export gone wrong."""
    return _rebuilt(released, folder, lambda labels: ops.gather(labels, np.array([3, 2, 1, 0]), np.int64(1)))


def _rebuilt(released: Path, folder: Path, change: Callable[[Any], Any]) -> Path:
    """``change`` is applied to the graph's first output, the logits of the labels."""
    shutil.copytree(released, folder, ignore=shutil.ignore_patterns(*FILES))
    model = openvino.Core().read_model(released / "model.xml")
    labels = model.get_results()[0].input(0)
    labels.replace_source_output(change(labels.get_source_output()).output(0))
    openvino.save_model(model, folder / "model.xml", compress_to_fp16=False)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"] |= {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder
