"""Feeds hostile inputs to codec, ingest and the classify stage, and adds up what became of them.

python -m tests.fuzz [--inputs 100000] [--seed N] [--released 2000] [--jobs 2]
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import Final

import structlog
from rich.console import Console
from rich.table import Table

from pipeline.classify.judge import Judge
from pipeline.settings import Settings
from tests.fuzz.books import ENDS
from tests.fuzz.inputs import KINDS
from tests.fuzz.round import Tally, fuzz_round, released_model_round

ROUND: Final = 2_500


def main() -> int:
    """Prints the tables. Raises what the first round raised that crashed or whose books are uneven, and says which."""
    asked = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    began = time.monotonic()
    sizes = [min(ROUND, asked.inputs - start) for start in range(0, asked.inputs, ROUND)]
    with ProcessPoolExecutor(asked.jobs, initializer=_quiet) as pool:
        tally = sum(pool.map(fuzz_round, repeat(asked.seed), range(len(sizes)), sizes), Tally())
    console.print(_classified("keywords for a model", tally))
    console.print(_ways("codec", tally.decoded), _ways("ingest", tally.ingested))
    if asked.released:
        _quiet()
        real = released_model_round(asked.seed, asked.released, Judge.load(Settings()))
        console.print(_classified("the released model", real))
        console.print(f"{asked.released:,} inputs through the released model in {real.seconds:.0f} s.")
    seconds = time.monotonic() - began
    console.print(
        f"{tally.classified.total():,} inputs, seed {asked.seed}: no crash, every book even, {seconds:.0f} s."
    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="how many (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other inputs (default: 1)")
    parser.add_argument("--released", type=int, default=2_000, help="so many more through the released model")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    return parser.parse_args()


def _quiet() -> None:
    """Pauses and tries again are what is meant here, thousands of them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _classified(judged_by: str, tally: Tally) -> Table:
    table = Table("inputs", "", *ENDS, title=f"classify, {judged_by}")
    for column in table.columns[1:]:
        column.justify = "right"
    for kind in KINDS:
        table.add_row(kind, *_numbers([tally.classified[kind, end] for end in ENDS]))
    table.add_section()
    table.add_row("all", *_numbers([sum(tally.classified[kind, end] for kind in KINDS) for end in ENDS]))
    return table


def _numbers(by_end: Sequence[int]) -> list[str]:
    return [f"{number:,}" for number in (sum(by_end), *by_end)]


def _ways(title: str, counts: Counter[tuple[str, str]]) -> Table:
    table = Table(title=title, show_header=False)
    for (way, end), number in sorted(counts.items()):
        table.add_row(way, end, f"{number:,}")
    return table


if __name__ == "__main__":
    sys.exit(main())
