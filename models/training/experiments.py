"""`python -m models.training.experiments`: variants of the recipe, each trained and judged on the dev themes alone.

experiments.toml says what each changes and why it was tried; experiments.jsonl keeps what came out, and EXPERIMENTS.md is
written from both. Test themes have no part in any of it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported: nothing is loaded from a hub

import msgspec
import numpy as np
import torch
from msgspec import Struct
from rich.console import Console

from models.calibration import probabilities
from models.evaluation import matrix
from models.evaluation.figures import ALL, macro_f1, per_label
from models.evaluation.report import between, drawn_by_theme
from models.evaluation.routing import Scored
from models.training import dataset, recipe
from models.training.bases import BaseWeightsError
from models.training.fine_tune import load_network
from models.training.network import judge_all
from models.training.train import train_runs, train_weights

_HERE: Final = Path(__file__).parent
_PLAN: Final = _HERE / "experiments.toml"
_RESULTS: Final = _HERE / "experiments.jsonl"
_REPORT: Final = _HERE / "EXPERIMENTS.md"
_TEMPLATE: Final = _HERE / "experiments_template.md"


class Experiment(Struct, frozen=True, forbid_unknown_fields=True):
    """A recipe that differs from recipe.toml in ``changes``."""

    name: str
    why: str
    changes: dict[str, Any] = {}


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """What experiments.toml holds. ``common`` changes hold for all of them, so that they are quick enough to be many."""

    common: dict[str, Any]
    experiment: list[Experiment]


class Result(Struct, frozen=True):
    """What came out, on the dev themes."""

    name: str
    corpus: str
    """The first digits of its checksum: only what learnt from the same corpus may be compared."""
    posts: dict[str, int]
    epochs: float
    macro_f1: float
    macro_f1_95: list[float]
    labels: dict[str, float]
    false_immediate: float
    """Share of other posts graded immediate at the threshold that finds 95 % of the immediate ones."""
    minutes: float
    """Of training; 0 where an earlier run had done it."""
    of_runs: list[float] = []
    """Macro-F1 of each run alone, where the weights of several are averaged."""


def run(experiment: Experiment, plan: Plan, work: Path, console: Console) -> Result:
    """Trains and judges one. Raises `msgspec.ValidationError` when its changes make no recipe."""
    plain = msgspec.to_builtins(recipe.read_recipe(recipe.RELEASE))
    changed = msgspec.convert(plain | plan.common | experiment.changes | {"name": experiment.name}, recipe.Recipe)
    data = dataset.split(dataset.read_corpus())
    start = time.monotonic()
    weights = train_weights(changed, data, work, console)
    minutes = (time.monotonic() - start) / 60
    dev = _judged(weights, changed, data.dev)
    best, truth = dev.labels.argmax(axis=1), dev.truth
    alone = train_runs(changed, data, work, console) if changed.runs > 1 else []
    immediate = probabilities(dev.grades, 1.0)[:, 0]
    threshold = np.quantile(immediate[dev.immediate], 0.05)
    return Result(
        name=experiment.name,
        corpus=dataset.corpus_sha256()[:16],
        posts={"train": len(data.train), "dev": len(data.dev)},
        epochs=changed.epochs,
        macro_f1=round(macro_f1(best, truth), 4),
        macro_f1_95=between(matrix.macro_f1(drawn_by_theme(dev, best), ALL)),
        labels={name: one["f1"] for name, one in per_label(best, truth).items()},
        false_immediate=round(float((immediate[~dev.immediate] >= threshold).mean()), 4),
        minutes=round(minutes, 1),
        of_runs=[round(macro_f1(_judged(one, changed, data.dev).labels.argmax(axis=1), truth), 4) for one in alone],
    )


def _judged(weights: Path, trained: recipe.Recipe, rows: Sequence[dataset.Row]) -> Scored:
    found = judge_all(*load_network(weights, trained), [row.text for row in rows])
    return Scored(rows, found.labels.numpy(), found.grades.numpy(), found.holds.numpy())


def write_report(plan: Plan) -> None:
    """EXPERIMENTS.md: the newest result of each experiment on each corpus, the newest corpus first."""
    decoder = msgspec.json.Decoder(Result)
    lines = _RESULTS.read_bytes().splitlines() if _RESULTS.is_file() else []
    newest = {(one.corpus, one.name): one for one in map(decoder.decode, lines)}
    corpora = dict.fromkeys(corpus for corpus, _ in reversed(newest))
    rows = [
        _row(one, newest[corpus, one.name])
        for corpus in corpora
        for one in plan.experiment
        if (corpus, one.name) in newest
    ]
    head = (
        "| variant | why | trained on | epochs | macro-F1 on dev | intel | help request | complaint | chatter "
        "| false immediate | corpus |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    _REPORT.write_text(
        _TEMPLATE.read_text(encoding="utf-8").replace("{table}", "\n".join([head, *rows])), encoding="utf-8"
    )


def _row(experiment: Experiment, result: Result) -> str:
    low, high = result.macro_f1_95
    alone = f"; each alone {', '.join(f'{one:.3f}' for one in result.of_runs)}" if result.of_runs else ""
    cells = [
        experiment.name,
        experiment.why,
        f"{result.posts['train']:,}",
        f"{result.epochs:g}",
        f"**{result.macro_f1:.3f}** ({low:.3f}–{high:.3f}){alone}",
        *(f"{f1:.3f}" for f1 in result.labels.values()),
        f"{100 * result.false_immediate:.1f} %",
        f"`{result.corpus[:6]}`",
    ]
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Runs the named experiments. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m models.training.experiments", description=__doc__)
    parser.add_argument("names", nargs="*", help="which to run (default: none; only the report is written)")
    parser.add_argument("--work", type=Path, default=_HERE.parents[1] / "build/training", help="keeps finished steps")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch; 1 is fastest on a busy machine")
    chosen = parser.parse_args(arguments)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    try:
        plan = msgspec.toml.decode(_PLAN.read_bytes(), type=Plan)
        by_name = {one.name: one for one in plan.experiment}
        unknown = [name for name in chosen.names if name not in by_name]
        if unknown:
            parser.error(f"no experiment is called {unknown[0]}; experiments.toml has {', '.join(by_name)}")
        for name in chosen.names:
            result = run(by_name[name], plan, chosen.work, Console())
            with _RESULTS.open("ab") as file:
                file.write(msgspec.json.encode(result) + b"\n")
            print(f"{name}: macro-F1 {result.macro_f1:.3f} on the dev themes")
        write_report(plan)
    except (BaseWeightsError, msgspec.MsgspecError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
