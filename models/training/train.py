"""The way of a model: corpus → weights → served graph → figures → release. Each step is done once for its inputs."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import nncf
import numpy as np
import torch
import transformers
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models import calibration, language, openvino_classifier, prepare
from models.costs import COSTS
from models.evaluation import bootstrap, matrix, mess, prevalence, routing
from models.evaluation import figures as formulas
from models.evaluation import report as reports
from models.quiet_openvino import openvino
from models.training import (
    augment,
    baselines,
    calibrate,
    dataset,
    distil,
    emoji,
    fine_tune,
    loss,
    measure,
    network,
    probes,
    quantise,
    speed,
)
from models.training.card import write_release
from models.training.dataset import CORPUS, Dataset, corpus_sha256, read_corpus
from models.training.recipe import Recipe, teachers_of
from models.training.steps import once

_FIGURES: Final = "figures.json"
_DAY: Final = "day.json"

# What the outcome of a step depends on: when the code of one of these changes, the step is done anew.
_LEARNING: Final = (augment, distil, emoji, fine_tune, loss, mess, network, prepare)
_JUDGING: Final = (
    *(baselines, bootstrap, calibrate, calibration, formulas, language, matrix, measure, mess),
    *(openvino_classifier, prepare, prevalence, reports, routing, speed),
)


@dataclass(frozen=True, slots=True)
class Day:
    """Files of a labelled day; see `measure.read_day`."""

    posts: Path
    labels: Path


def train(
    recipe: Recipe,
    released: Path,
    work: Path,
    console: Console,
    corpus: Path = CORPUS,
    day: Day | None = None,
    probed: Path | None = None,
) -> None:
    """Makes ``released`` a model folder. ``work`` keeps what every step made, for the next run to go on from.

    ``probed`` is a folder with the collections of probes.toml. Raises OSError when a file is missing there or a teacher's
    recipe beside this one.
    """
    data = dataset.thin(dataset.split(read_corpus(corpus)), recipe)
    judged = msgspec.json.encode([data.dev, data.test_themes, data.test_writers]).decode()

    weights = train_weights(recipe, data, work, console)
    graph = once(
        work,
        "graph",
        [weights.name, quantise, nncf.__version__, openvino.__version__],
        lambda folder: _quantise(weights, data, recipe, folder),
        console.print,
    )
    figures = once(
        work,
        "figures",
        [graph.name, judged, msgspec.json.encode(COSTS).decode(), *_JUDGING],
        lambda folder: _write(folder / _FIGURES, measure.measure(weights, graph, data, recipe)),
        console.print,
    )
    measured = msgspec.json.decode((figures / _FIGURES).read_bytes(), type=measure.Figures)
    day_figures = _report_day(work, graph, figures, measured, recipe, day, console) if day else None

    served = openvino_classifier.Graph(graph, recipe.max_tokens)
    public = probes.measure(served, measured.calibration, measured.thresholds, probed) if probed else None

    now = dt.datetime.now(dt.UTC)
    write_release(released, graph, recipe, corpus_sha256(corpus), measured, day_figures, public, now)
    console.print(f"released in {released}: macro-F1 {measured.sets['test']['macro_f1']:.3f} on held-out themes")


def train_weights(recipe: Recipe, data: Dataset, work: Path, console: Console) -> Path:
    """The folder of the recipe's weights."""
    runs = train_runs(recipe, data, work, console)
    if len(runs) == 1:
        return runs[0]
    names = [run.name for run in runs]
    return once(work, "mean", names, lambda folder: fine_tune.average_runs(runs, folder), console.print)


def train_runs(recipe: Recipe, data: Dataset, work: Path, console: Console) -> list[Path]:
    """The folder of the weights of each of its runs. Its teachers are trained first, each by its own recipe."""
    taught_by = [train_weights(teacher, data, work, console) for teacher in teachers_of(recipe)]
    # What else the recipe says may change the weights.
    decides = msgspec.structs.replace(recipe, name="", version="", runs=1, quantise_on=1, judge_on=None)

    def train_run(run: int) -> Path:
        def make(folder: Path, progress: Progress) -> None:
            taught = distil.taught(data.train, recipe, taught_by) if taught_by else None
            fine_tune.fine_tune(data.train, recipe, folder, progress, taught, run)

        learnt = msgspec.json.encode([run, decides, data.train]).decode()
        versions = (torch.__version__, transformers.__version__)
        inputs = [learnt, *(folder.name for folder in taught_by), *_LEARNING, *versions]
        return once(work, f"weights-run-{run}", inputs, _with_progress(console, make), console.print)

    return [train_run(run) for run in range(recipe.runs)]


def _quantise(weights: Path, data: Dataset, recipe: Recipe, folder: Path) -> None:
    trained, tokenizer = fine_tune.load_network(weights, recipe)
    texts = [row.text for row in data.train]
    places = np.linspace(0, len(texts) - 1, min(recipe.quantise_on, len(texts))).astype(int)
    quantise.quantise(trained, tokenizer, [texts[place] for place in places], folder)


def _report_day(
    work: Path, graph: Path, figures: Path, measured: measure.Figures, recipe: Recipe, day: Day, console: Console
) -> dict[str, Any]:
    def make(folder: Path) -> None:
        served = openvino_classifier.Graph(graph, recipe.max_tokens)
        scored = measure.scored(served, measure.read_day(day.posts, day.labels))
        _write(folder / _DAY, reports.report(scored, measured.calibration, measured.thresholds))

    folder = once(work, "day", [figures.name, day.posts, day.labels], make, console.print)
    report: dict[str, Any] = msgspec.json.decode((folder / _DAY).read_bytes())
    return report


def _write(path: Path, record: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))


def _with_progress(console: Console, make: Callable[[Path, Progress], None]) -> Callable[[Path], None]:
    def made(folder: Path) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            make(folder, progress)

    return made


def forget(work: Path) -> None:
    """Removes what earlier runs made, so that everything is done anew."""
    shutil.rmtree(work, ignore_errors=True)
