"""Breaks the promise in many small ways, one at a time on a copy, and tells whether the tests notice.

python -m tests.mutants [--jobs N] [NAME …]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.mutants.mutant import Misplaced, Mutant, mutants
from tests.mutants.trial import Trial, try_healthy, try_mutant


def main() -> int:
    """1 when a mutant survives or could not be tried, or the copy without one is not green; else 0."""
    asked = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        chosen = mutants(asked.names)
    except KeyError as unknown:
        console.print(f"There is no mutant {unknown}; they stand in tests/mutants/mutants.toml.")
        return 1
    with tempfile.TemporaryDirectory(prefix="flagpost-healthy-") as folder:
        tree = Path(folder).resolve() / "tree"
        healthy = try_healthy(tree, sorted({test for one in chosen for test in one.tests}))
        if healthy.verdict != "survived":
            console.print(
                healthy.output, "The copy without a mutant is not green, so nothing can be told.", markup=False
            )
            return 1
        with ThreadPoolExecutor(asked.jobs) as pool:
            begun = pool.map(partial(_tried, tree), chosen)
            tried = [*track(begun, "Mutants", len(chosen), console=Console(stderr=True), transient=True)]
    console.print(_table(chosen, tried))
    killed = sum(one.verdict == "killed" for one in tried)
    console.print(f"{killed} of {len(tried)} killed; the copy without one is green ({healthy.seconds:.1f} s).")
    for line in _left_standing(chosen, tried):
        console.print(line, markup=False)
    return 0 if killed == len(tried) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these; by default all of mutants.toml")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time (default: 2)")
    return parser.parse_args()


def _tried(healthy: Path, mutant: Mutant) -> Trial:
    try:
        return try_mutant(mutant, healthy)
    except Misplaced as error:
        return Trial("misplaced", 0.0, str(error))


def _table(chosen: Sequence[Mutant], tried: Sequence[Trial]) -> Table:
    table = Table("mutant", "breaks", "", "s")
    for mutant, trial in zip(chosen, tried, strict=True):
        colour = "green" if trial.verdict == "killed" else "red"
        table.add_row(mutant.name, mutant.why, f"[{colour}]{trial.verdict}[/]", f"{trial.seconds:.1f}")
    return table


def _left_standing(chosen: Sequence[Mutant], tried: Sequence[Trial]) -> Iterator[str]:
    """What is needed to see to those that were not killed."""
    for mutant, trial in zip(chosen, tried, strict=True):
        if trial.verdict == "survived":
            yield f"{mutant.name} survived {' '.join(mutant.tests)}"
        elif trial.verdict != "killed":
            yield f"{mutant.name}: {trial.verdict}\n{trial.output}"


if __name__ == "__main__":
    sys.exit(main())
