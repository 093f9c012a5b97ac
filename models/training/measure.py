"""Measures a served graph: calibrates it, judges the held-out posts, compares with full precision and baselines."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from models.calibration import Calibration
from models.classifier import Thresholds
from models.evaluation.figures import macro_f1
from models.evaluation.mess import MESSES, Mess
from models.evaluation.report import report
from models.evaluation.routing import Scored, route
from models.manifest import SERVED
from models.openvino_classifier import Graph, together
from models.prepare import prepare
from models.training.baselines import baselines
from models.training.calibrate import fit
from models.training.dataset import Dataset, Row
from models.training.fine_tune import load_network
from models.training.network import judge_all, read_by
from models.training.recipe import Recipe
from models.training.speed import speeds
from schemas.labels import FLAGGED, GRADES, LABELS, Flagged, Grade, Label

REFERENCE_POSTS: Final = 300


class Reference(Struct, frozen=True):
    """What full precision says of a held-out post: the yardstick for what is served anywhere."""

    id: str
    text: str
    scores: dict[Label, float]
    grades: dict[Grade, float]
    holds: dict[Flagged, float]


class Figures(Struct, frozen=True):
    """All that was measured. ``sets`` has a report for each set of held-out posts."""

    calibration: Calibration
    thresholds: Thresholds
    posts: dict[str, int]
    sets: dict[str, dict[str, Any]]
    full_precision: dict[str, Any]
    int8_against_full_precision: dict[str, float]
    baselines: dict[str, float]
    stress: Annotated[dict[str, dict[str, float]], Meta(description="Macro-F1 and immediate recall under each mess")]
    served: Annotated[dict[str, float], Meta(description="Size in MB, and posts a second")]
    reference: list[Reference]


def measure(weights: Path, graph_folder: Path, data: Dataset, recipe: Recipe) -> Figures:
    """``weights`` is what `fine_tune` wrote, ``graph_folder`` what `quantise` wrote.

    Posts of more than one window are left out of the comparison with full precision, which has no windows.
    """
    graph = Graph(graph_folder, recipe.max_tokens)
    calibration, thresholds = fit(scored(graph, data.dev))
    test = scored(graph, data.test)
    network, tokenizer = load_network(weights, recipe)
    full = _in_full_precision(network, tokenizer, data.test)
    themes = len(data.test_themes)
    count = len(data.test)
    parts = {"test": range(count), "held_out_themes": range(themes), "held_out_writers": range(themes, count)}
    encodings = read_by(tokenizer, [row.text for row in data.test])
    short = [place for place, encoding in enumerate(encodings) if not encoding.overflowing]
    whole = report(full.part(short), calibration, thresholds)
    return Figures(
        calibration=calibration,
        thresholds=thresholds,
        posts={"train": len(data.train), "dev": len(data.dev), "test": len(data.test)},
        sets={name: report(test.part(rows), calibration, thresholds) for name, rows in parts.items()},
        full_precision={name: whole[name] for name in ("macro_f1", "decided", "immediate")},
        int8_against_full_precision=_differences(test.part(short), full.part(short), calibration),
        baselines=baselines(data.train, data.test, recipe),
        stress=_stress(graph, data.test, calibration, thresholds, recipe.seed),
        served={
            "megabytes": _megabytes(graph_folder),
            **speeds(graph, network, tokenizer, [row.text for row in data.test]),
        },
        reference=_reference(full.part(short), calibration),
    )


def scored(graph: Graph, rows: Sequence[Row], mess: Mess | None = None, seed: int = 0) -> Scored:
    """The served graph's logits of ``rows``, their texts cleaned as the pipeline does, after ``mess`` if there is one."""
    chance = random.Random(seed)  # noqa: S311
    texts = [mess(row.text, chance) if mess else row.text for row in rows]
    outputs = [together(windows) for windows in graph.run([prepare(text).text for text in texts])]
    parts = zip(*((one.labels, one.grades, one.holds) for one in outputs), strict=True)
    return Scored(rows, *(np.stack(part) for part in parts))


class _DayLabel(Struct):
    line: int
    uid: str
    label: Label
    also: list[Flagged] = []
    grade: Grade | None = None


def read_day(posts: Path, labels: Path) -> list[Row]:
    """A day of posts with its labels, joined by the post's line. What has no label (deletions, damaged lines) is left out.

    Such a day is reported on only: nothing is trained, calibrated or chosen with it. Raises ValueError when a label's line
    holds another post.
    """
    lines = posts.read_bytes().splitlines()
    rows = []
    for one in msgspec.json.Decoder(_DayLabel).decode_lines(labels.read_bytes()):
        post = msgspec.json.decode(lines[one.line - 1])
        if f"{post['source']}:{post['id']}" != one.uid:
            raise ValueError(f"{labels.name} labels {one.uid} at line {one.line}, where {posts.name} has another post")
        rows.append(Row(one.uid, post["text"], one.label, one.also, one.grade, theme=one.uid, writer="", round=0))
    return rows


def _in_full_precision(network: Any, tokenizer: Any, rows: Sequence[Row]) -> Scored:
    found = judge_all(network, tokenizer, [row.text for row in rows])
    return Scored(rows, found.labels.numpy(), found.grades.numpy(), found.holds.numpy())


def _differences(served: Scored, full: Scored, calibration: Calibration) -> dict[str, float]:
    one, other = (calibration.of_labels(scored.labels) for scored in (served, full))
    apart = np.abs(one - other).max(axis=1)
    best, best_full = served.labels.argmax(axis=1), full.labels.argmax(axis=1)
    return {
        "macro_f1_lost": round(macro_f1(best_full, full.truth) - macro_f1(best, served.truth), 4),
        "same_label": round(float((best == best_full).mean()), 4),
        "score_mean": round(float(apart.mean()), 4),
        "score_95": round(float(np.percentile(apart, 95)), 4),
        "score_largest": round(float(apart.max()), 4),
    }


def _stress(
    graph: Graph, rows: Sequence[Row], calibration: Calibration, thresholds: Thresholds, seed: int
) -> dict[str, dict[str, float]]:
    figures = {}
    for name, mess in {"as written": None, **MESSES}.items():
        found = scored(graph, rows, mess, seed)
        routed = route(
            calibration.of_labels(found.labels),
            calibration.of_grades(found.grades),
            calibration.of_holds(found.holds),
            thresholds,
            found.readable,
        )
        figures[name] = {
            "macro_f1": round(macro_f1(found.labels.argmax(axis=1), found.truth), 4),
            "immediate_recall": round(float(routed.immediate[found.immediate].mean()), 4)
            if found.immediate.any()
            else 0.0,
            "chatter_flagged": round(float(routed.flagged[found.truth == LABELS.index("chatter")].mean()), 4),
        }
    return figures


def _megabytes(folder: Path) -> float:
    return round(sum((folder / name).stat().st_size for name in SERVED) / 1e6, 1)


def _reference(full: Scored, calibration: Calibration) -> list[Reference]:
    scores = calibration.of_labels(full.labels).round(5)
    grades = calibration.of_grades(full.grades).round(5)
    holds = calibration.of_holds(full.holds).round(5)
    places = np.linspace(0, len(full.rows) - 1, min(REFERENCE_POSTS, len(full.rows))).astype(int)
    return [
        Reference(
            full.rows[place].id,
            full.rows[place].text,
            dict(zip(LABELS, scores[place].tolist(), strict=True)),
            dict(zip(GRADES, grades[place].tolist(), strict=True)),
            dict(zip(FLAGGED, holds[place].tolist(), strict=True)),
        )
        for place in places
    ]
