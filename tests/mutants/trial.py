"""Tries tests on a copy of the source tree, never on the working tree itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.origin import PACKAGES

SECONDS: Final = 240
"""How long the tests of one mutant may take."""

_LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "released", "corpus", "generated", "integration")
"""Neither code nor needed by quick tests; the model and the corpus alone would be most of the copy. What was compiled, of an
older source maybe, is compiled anew."""

_SAID: Final = {0: "survived", 1: "killed"}
"""pytest's exit codes; with any other the tests did not run as they should, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What tests said of a copy: killed (a test failed), survived (all green), or why they could not be run."""

    verdict: str
    seconds: float
    output: str


def try_healthy(tree: Path, tests: Sequence[str]) -> Trial:
    """Copies the source to ``tree`` and runs ``tests`` there; what was compiled for that stays beside it."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", tree)
    return _run(tree, tests, compiled_stays=True)


def try_mutant(mutant: Mutant, healthy: Path) -> Trial:
    """Runs the mutant's tests on a fresh copy of the tree ``healthy`` with the mutant in it. Raises `Misplaced`."""
    with tempfile.TemporaryDirectory(prefix="flagpost-mutant-") as folder:
        tree = Path(folder).resolve() / "tree"
        # With what is compiled: it counts for a source of the same age and length, and the one with the mutant is younger.
        shutil.copytree(healthy, tree)
        mutant.break_in(tree)
        return _run(tree, mutant.tests)


def _run(tree: Path, tests: Sequence[str], compiled_stays: bool = False) -> Trial:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "tests.mutants.origin",
        "-p",
        "no:cacheprovider",
        "-o",
        f"faulthandler_timeout={SECONDS / 2:g}",  # where it hangs
        *tests,
    ]
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    compiled = {"PYTHONDONTWRITEBYTECODE": "" if compiled_stays else "1"}
    environment = {**given, **compiled, "PYTHONPATH": str(tree), "TMPDIR": str(tree.parent)}
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        said = b"".join(part for part in (late.stdout, late.stderr) if isinstance(part, bytes)).decode(errors="replace")
        return Trial(f"no answer within {SECONDS} s", time.monotonic() - began, said)
    verdict = _SAID.get(done.returncode, f"not run (exit code {done.returncode})")
    return Trial(verdict, time.monotonic() - began, done.stdout + done.stderr)
