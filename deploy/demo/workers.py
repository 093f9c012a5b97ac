"""The demo's workers: `flagpost worker classify index` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.errors import FlagpostError
from pipeline.settings import Settings
from pipeline.supervisor import STAGES
from pipeline.workers import workers

AREA: Final = "53.92,0.63,60"
"""Around the invented Sandhaven, so that a mention of it is no mention of the one in Aberdeenshire."""

START_WITHIN: Final = 120.0
STOP_WITHIN: Final = 20.0
POLL_SECONDS: Final = 0.2


@contextmanager
def running_workers(settings: Settings) -> Iterator[None]:
    """Workers of every stage, up and healthy; stopped at the end. Raises `FlagpostError` when they don't start."""
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "supervisor.log").open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", *STAGES, "--logs", str(logs)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "FLAGPOST_AREA": AREA},
        )
    try:
        _wait_until_healthy(supervisor, settings.home, logs)
        yield
    finally:
        supervisor.terminate()
        try:
            supervisor.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            supervisor.kill()


def _wait_until_healthy(supervisor: subprocess.Popen[bytes], home: Path, logs: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while supervisor.poll() is None and time.monotonic() < deadline:
        if set(STAGES) <= {worker.stage for worker in workers(home) if worker.state == "running"}:
            return
        time.sleep(POLL_SECONDS)
    raise FlagpostError(
        f"The workers did not start within {START_WITHIN:g} s: {_last_error(logs)}.", f"Their logs are in {logs}."
    )


def _last_error(logs: Path) -> str:
    for stage in STAGES:
        path = logs / f"{stage}.log"
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        for line in reversed(lines):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if record.get("level") == "error":
                return f"{stage}: {record.get('reason') or record.get('event')}"
    return "no error was logged"
