"""What a model makes of public text that it must not be trained on: how many of a general stream it flags, and the like."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from models.calibration import Calibration
from models.classifier import Thresholds
from models.evaluation.estimate import of_share
from models.evaluation.routing import route
from models.language import has_words, other_language
from models.openvino_classifier import Graph, together
from models.prepare import prepare
from schemas.labels import LABELS, Label

PLAN: Final = Path(__file__).with_name("probes.toml")


class Where(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of a CSV file that count: those whose ``column`` (from 0) is ``equals``."""

    column: int
    equals: str


class Probe(Struct, frozen=True, forbid_unknown_fields=True):
    """A collection. Without ``text_column`` its files have a text a line; with it they are CSV."""

    name: str
    source: str
    expect: Label
    files: list[str]
    text_column: int | None = None
    where: Where | None = None


class Probes(Struct, frozen=True, forbid_unknown_fields=True):
    """What probes.toml holds."""

    most: Annotated[int, Meta(ge=1)]
    probe: list[Probe]


def measure(graph: Graph, calibration: Calibration, thresholds: Thresholds, folder: Path) -> list[dict[str, Any]]:
    """Figures of each probe, its files read from ``folder``, as plain numbers. Raises OSError when a file is missing."""
    plan = msgspec.toml.decode(PLAN.read_bytes(), type=Probes)
    return [
        {
            "name": probe.name,
            "source": probe.source,
            "expect": probe.expect,
            **_figures(graph, calibration, thresholds, texts(probe, folder, plan.most)),
        }
        for probe in plan.probe
    ]


def texts(probe: Probe, folder: Path, most: int) -> list[str]:
    """At most ``most`` of each file, spread evenly over it."""
    found: list[str] = []
    for name in probe.files:
        with (folder / name).open(encoding="utf-8", errors="replace", newline="") as file:
            if probe.text_column is None:
                lines = [line.strip() for line in file]
            else:
                lines = [
                    row[probe.text_column]
                    for row in csv.reader(file)
                    if len(row) > probe.text_column and _counts(row, probe.where)
                ]
        lines = [line for line in lines if line]
        places = np.linspace(0, len(lines) - 1, min(most, len(lines))).astype(int)
        found += [lines[place] for place in places]
    return found


def _counts(row: Sequence[str], where: Where | None) -> bool:
    return where is None or (len(row) > where.column and row[where.column] == where.equals)


def _figures(graph: Graph, calibration: Calibration, thresholds: Thresholds, posts: list[str]) -> dict[str, Any]:
    prepared = [prepare(text).text for text in posts]
    outputs = [together(windows) for windows in graph.run(prepared)]
    routed = route(
        calibration.of_labels(np.stack([one.labels for one in outputs])),
        calibration.of_grades(np.stack([one.grades for one in outputs])),
        calibration.of_holds(np.stack([one.holds for one in outputs])),
        thresholds,
        np.array([has_words(text) and other_language(text) is None for text in prepared]),
    )
    flagged, immediate = (of_share(int(some.sum()), len(posts)) for some in (routed.flagged, routed.immediate))
    return {
        "posts": len(posts),
        "labels": {name: round(float((routed.label == place).mean()), 4) for place, name in enumerate(LABELS)},
        "flagged": [flagged.value, flagged.low, flagged.high],
        "immediate": [immediate.value, immediate.low, immediate.high],
        "unsure": round(float(routed.unsure.mean()), 4),
    }
