"""The table for people and bench.json for programs."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from models.manifest import MANIFEST
from pipeline.settings import Settings
from tests.performance.measure import Figure

WIDTH = 140
"""Characters of the table's lines where it is not shown in a terminal."""


class Report:
    """Collects figures; bench.json is written after each benchmark, so that a run that is cut short leaves what it had."""

    def __init__(self, out: Path, quick: bool) -> None:
        self._out = out
        self._quick = quick
        self._figures: list[Figure] = []
        self.refused: dict[str, str] = {}

    def add(self, figures: Sequence[Figure]) -> None:
        self._figures += figures
        self._write()

    def refuse(self, benchmark: str, why: str) -> None:
        """Notes that a benchmark has no figures, because its books did not balance."""
        self.refused[benchmark] = why
        self._write()

    def show(self) -> None:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = WIDTH
        table = Table(title="quick: these sizes measure nothing" if self._quick else None)
        table.add_column("figure")
        table.add_column("median", justify="right")
        table.add_column("least–most", justify="right")
        for column in ("unit", "target", "note"):
            table.add_column(column)
        for before, figure in zip([None, *self._figures], self._figures, strict=False):
            if before and before.benchmark != figure.benchmark:
                table.add_section()
            table.add_row(*_row(figure, judged=not self._quick))
        console.print(table)
        for benchmark, why in self.refused.items():
            console.print(f"[bold red]{benchmark} is refused:[/] {why}", markup=True)
        console.print(f"Written: {self._out}")

    def _write(self) -> None:
        told = {
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "quick": self._quick,
            "machine": _machine(),
            "model": _model(),
            "figures": [figure.as_dict() for figure in self._figures],
            "refused": self.refused,
        }
        self._out.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _row(figure: Figure, judged: bool) -> tuple[str, ...]:
    target = ""
    if figure.target:
        sign = "≥" if figure.target.kind == "least" else "≤"
        mark = ("[green]✓[/] " if figure.met else "[red]✗[/] ") if judged else ""
        target = f"{mark}{sign} {figure.target.bound:g}"
    spread = f"{_number(min(figure.rounds))}–{_number(max(figure.rounds))}" if len(figure.rounds) > 1 else ""
    return figure.name, _number(figure.median), spread, figure.unit, target, figure.note


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_at_the_end": os.getloadavg(),
    }


def _model() -> str:
    manifest = json.loads((Settings().model / MANIFEST).read_text("utf-8"))
    return f"{manifest['name']}@{manifest['version']}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
