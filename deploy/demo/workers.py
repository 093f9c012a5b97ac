"""The demo's workers: `flagpost worker classify index` as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.errors import FlagpostError
from pipeline.settings import Settings

STAGES: Final = ("classify", "index")
START_WITHIN: Final = 120.0
STOP_WITHIN: Final = 20.0


@contextmanager
def running_workers(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
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
        )
    try:
        _wait_until_healthy(supervisor, settings.home, logs)
        yield supervisor
    finally:
        supervisor.terminate()
        try:
            supervisor.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            supervisor.kill()


def _wait_until_healthy(supervisor: subprocess.Popen[bytes], home: Path, logs: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            break
        if all(_healthy(home, stage) for stage in STAGES):
            return
        time.sleep(0.2)
    raise FlagpostError(
        f"The workers did not start within {START_WITHIN:g} s: {_last_error(logs)}", f"Their logs are in {logs}."
    )


def _healthy(home: Path, stage: str) -> bool:
    for path in (home / "workers").glob(f"{stage}-*.json"):
        try:
            url = json.loads(path.read_text("utf-8"))["url"]
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                health = json.loads(answer.read())
        except (OSError, ValueError, KeyError, urllib.error.URLError):
            continue  # a worker that was killed leaves its file behind
        if health["state"] == "running":
            return True
    return False


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
