"""Whether a process that somebody noted still lives: a pid alone may belong to another process by now."""

from __future__ import annotations

from typing import Final

import psutil

CLOCK_SLACK: Final = 2.0
"""Seconds by which a process may seem to have started after it was noted: clocks are corrected."""


def lives(pid: int, noted_at: float) -> bool:
    """Whether the process that was noted as ``pid`` at ``noted_at``, in seconds since the epoch, still runs."""
    try:
        process = psutil.Process(pid)
        began: float = process.create_time()
        return process.status() != psutil.STATUS_ZOMBIE and began <= noted_at + CLOCK_SLACK
    except (psutil.Error, ValueError, OverflowError):
        return False
