"""The table of faults: what was done to the pipeline, how often, and what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from pipeline.done import wait_until_done
from pipeline.settings import Settings
from tests.ledger import Balance
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Row:
    """One fault. ``recovery_s`` is the time from its end until everything was done; repeats were sent or told once more."""

    fault: str
    fired: int
    sent: int
    lost: int
    duplicated: int
    repeats: int
    recovery_s: float


class Oracle(Protocol):
    """Knows what must be there: `tests.ledger.Ledger` or another of its kind."""

    def balance(self) -> Balance: ...


class Fault:
    """What one test does to the pipeline. A fault that never fired proves nothing, so its test fails."""

    def __init__(self, tell: Callable[[Row], None]) -> None:
        """``tell`` is given each row as it is known."""
        self._tell = tell

    def survived(
        self,
        settings: Settings,
        oracle: Oracle,
        name: str,
        fired: int,
        timeout: float = PATIENCE,
        since: float | None = None,
    ) -> Balance:
        """Waits until everything is done, compares, and adds a row. ``since`` is when the fault ended: by default now."""
        assert fired > 0, f"{name} did not fire"
        began = time.monotonic() if since is None else since
        wait_until_done(settings, timeout=timeout)
        recovery = time.monotonic() - began
        balance = oracle.balance()
        self.add(name, fired, balance, recovery)
        assert balance.differences == [], f"{name}: {balance.differences[:20]}"
        assert balance.lost == balance.duplicated == 0, name
        return balance

    def add(self, name: str, fired: int, balance: Balance, recovery: float) -> None:
        """Adds a row, whatever it says."""
        repeats = sum(balance.repeats.values())
        self._tell(Row(name, fired, balance.sent, balance.lost, balance.duplicated, repeats, round(recovery, 1)))


def as_lines(rows: Sequence[Row]) -> list[str]:
    """A Markdown table that can be read in a terminal, too."""
    head = ("fault", "fired", "sent", "lost", "twice", "repeats", "recovery, s")
    cells = [head, *([str(value) for value in asdict(row).values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def write(rows: Sequence[Row], folder: Path) -> None:
    """faults.json and faults.md in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "faults.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", "utf-8")
    (folder / "faults.md").write_text("\n".join(as_lines(rows)) + "\n", "utf-8")
