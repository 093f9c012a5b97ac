"""Measures a served graph: calibrates it, judges the held-out posts, compares with full precision and baselines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from models.calibration import probabilities
from models.classifier import Thresholds
from models.manifest import SERVED, Temperatures
from models.openvino_classifier import Graph
from models.training.baselines import baselines
from models.training.calibrate import Scored, fit
from models.training.dataset import Dataset, Row
from models.training.evaluate import report
from models.training.fine_tune import load_network
from models.training.network import judge_all
from models.training.recipe import Recipe
from schemas.labels import GRADES, LABELS, Flagged, Grade, Label

REFERENCE_POSTS: Final = 300
_TIMED_POSTS: Final = 1_000


class Reference(Struct, frozen=True):
    """What full precision says of a held-out post: the yardstick for what is served anywhere."""

    id: str
    text: str
    scores: dict[Label, float]
    grades: dict[Grade, float]


class Figures(Struct, frozen=True):
    """All that was measured. ``sets`` has a report for each set of held-out posts."""

    temperatures: Temperatures
    thresholds: Thresholds
    posts: dict[str, int]
    sets: dict[str, dict[str, Any]]
    full_precision: dict[str, Any]
    int8_against_full_precision: dict[str, float]
    baselines: dict[str, float]
    served: Annotated[dict[str, float], Meta(description="Size in MB, and posts a second and core")]
    reference: list[Reference]


def measure(weights: Path, graph_folder: Path, data: Dataset, recipe: Recipe) -> Figures:
    """``weights`` is what `fine_tune` wrote, ``graph_folder`` what `quantise` wrote."""
    graph = Graph(graph_folder, recipe.max_tokens)
    temperatures, thresholds = fit(scored(graph, data.dev))
    test = scored(graph, data.test)
    network, tokenizer = load_network(weights)
    logits = judge_all(network, tokenizer, [row.text for row in data.test])
    full = Scored(data.test, logits.labels.numpy(), logits.grades.numpy())
    themes = len(data.test_themes)
    parts = {"test": slice(None), "held_out_themes": slice(themes), "held_out_writers": slice(themes, None)}
    whole = report(full, temperatures, thresholds)
    return Figures(
        temperatures=temperatures,
        thresholds=thresholds,
        posts={"train": len(data.train), "dev": len(data.dev), "test": len(data.test)},
        sets={name: report(test.part(rows), temperatures, thresholds) for name, rows in parts.items()},
        full_precision={name: whole[name] for name in ("macro_f1", "ece", "immediate")},
        int8_against_full_precision=_differences(test, full, temperatures),
        baselines=baselines(data.train, data.test, recipe.max_tokens),
        served=_speed_and_size(graph, graph_folder, [row.text for row in (*data.train, *data.test)]),
        reference=_reference(full, temperatures),
    )


def scored(graph: Graph, rows: Sequence[Row]) -> Scored:
    """The served graph's logits of ``rows``."""
    outputs = graph.run([row.text for row in rows])
    return Scored(rows, np.stack([one.labels for one in outputs]), np.stack([one.grades for one in outputs]))


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


def _differences(served: Scored, full: Scored, temperatures: Temperatures) -> dict[str, float]:
    one, other = (probabilities(scored.labels, temperatures.labels) for scored in (served, full))
    apart = np.abs(one - other).max(axis=1)
    return {
        "same_label": round(float((one.argmax(axis=1) == other.argmax(axis=1)).mean()), 4),
        "score_mean": round(float(apart.mean()), 4),
        "score_95": round(float(np.percentile(apart, 95)), 4),
        "score_largest": round(float(apart.max()), 4),
    }


def _speed_and_size(graph: Graph, folder: Path, texts: Sequence[str]) -> dict[str, float]:
    many = (list(texts) * (_TIMED_POSTS // len(texts) + 1))[:_TIMED_POSTS]
    batches = [many[start : start + 200] for start in range(0, len(many), 200)]
    graph.run(batches[0])
    times = []
    for batch in batches:
        start = time.process_time()  # of all threads: what else the machine does has no part in it
        graph.run(batch)
        times.append(time.process_time() - start)
    size = sum((folder / name).stat().st_size for name in SERVED)
    return {"posts_per_core_second": round(200 / float(np.median(times))), "megabytes": round(size / 1e6, 1)}


def _reference(full: Scored, temperatures: Temperatures) -> list[Reference]:
    scores = probabilities(full.labels, temperatures.labels).round(5)
    grades = probabilities(full.grades, temperatures.grades).round(5)
    places = np.linspace(0, len(full.rows) - 1, min(REFERENCE_POSTS, len(full.rows))).astype(int)
    return [
        Reference(
            full.rows[place].id,
            full.rows[place].text,
            dict(zip(LABELS, scores[place].tolist(), strict=True)),
            dict(zip(GRADES, grades[place].tolist(), strict=True)),
        )
        for place in places
    ]
