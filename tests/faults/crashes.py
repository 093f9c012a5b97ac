"""Faults inside worker processes: what tests say of them, and how often they fired. See injected/sitecustomize.py."""

from __future__ import annotations

import os
from pathlib import Path

INJECTED = Path(__file__).parent / "injected"


class Injected:
    """One fault in the workers that get `environment`."""

    def __init__(self, fault: str, folder: Path, every: int = 1, times: int = 1) -> None:
        self.fault = fault
        self._mark = folder / fault.replace(" ", "-")
        path = os.pathsep.join([str(INJECTED), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.environment = {
            "PYTHONPATH": path,
            "FAULT": fault,
            "FAULT_EVERY": str(every),
            "FAULT_TIMES": str(times),
            "FAULT_MARK": str(self._mark),
        }

    @property
    def fired(self) -> int:
        """How often it fired, in all processes."""
        return _size(self._mark.with_name(self._mark.name + ".fired"))

    @property
    def passed(self) -> int:
        """How often a process passed the place where it fires."""
        return _size(self._mark.with_name(self._mark.name + ".passed"))

    @property
    def woke(self) -> int:
        """How often a process that it had stopped went on."""
        return _size(self._mark.with_name(self._mark.name + ".woke"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
