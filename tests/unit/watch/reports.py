"""Signs of workers that tests are made of."""

from __future__ import annotations

from typing import Any

from schemas.worker import WorkerReport
from tests.doubles.manual_clock import START


def report(**fields: Any) -> WorkerReport:
    usual = {
        "stage": "classify",
        "host": "control-1",
        "pid": 7,
        "started_at": START,
        "at": START,
        "state": "running",
        "version": "1",
    }
    return WorkerReport(**{**usual, **fields})
