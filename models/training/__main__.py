"""`python -m models.training`: from the corpus to a released model. Run it again and it goes on where it stopped."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported: nothing is loaded from a hub

import msgspec
import torch
from rich.console import Console

from models.training import train
from models.training.bases import BaseWeightsError
from models.training.recipe import QUICK, RELEASE, read_recipe

ROOT = Path(__file__).parents[2]
DAY = train.Day(ROOT / "deploy/demo/saturday.jsonl", ROOT / "deploy/demo/saturday-labels.jsonl")


def main(arguments: list[str] | None = None) -> int:
    """Trains and releases. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a training of a few minutes, worth nothing; needs --out")
    parser.add_argument("--recipe", type=Path, help="another recipe.toml")
    parser.add_argument("--out", type=Path, help="folder of the released model (default: models/released)")
    parser.add_argument("--work", type=Path, default=ROOT / "build/training", help="folder that keeps finished steps")
    parser.add_argument("--probes", type=Path, help="folder with the public collections of probes.toml, to measure on")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch; 1 is fastest on a busy machine")
    parser.add_argument("--afresh", action="store_true", help="forget the finished steps first")
    chosen = parser.parse_args(arguments)
    if chosen.quick and chosen.out is None:
        parser.error("--quick needs --out: its model must not replace the released one")
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    if chosen.afresh:
        train.forget(chosen.work)
    try:
        recipe = read_recipe(chosen.recipe or (QUICK if chosen.quick else RELEASE))
        day = DAY if not chosen.quick and DAY.posts.is_file() and DAY.labels.is_file() else None
        train.train(
            recipe, chosen.out or ROOT / "models/released", chosen.work, Console(), day=day, probed=chosen.probes
        )
    except (BaseWeightsError, msgspec.MsgspecError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
