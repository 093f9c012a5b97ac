"""Real workers for tests: `flagpost worker …` as a user starts it, with a home and a namespace of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psutil

from pipeline.settings import Settings


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Returns once ``condition`` holds; fails with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def environment(settings: Settings) -> dict[str, str]:
    """Environment variables that give a process ``settings``."""
    return {
        **os.environ,
        "FLAGPOST_HOME": str(settings.home),
        "FLAGPOST_NAMESPACE": settings.namespace,
        "FLAGPOST_KAFKA_BOOTSTRAP": settings.bootstrap(),
        "FLAGPOST_ELASTICSEARCH_URL": settings.elasticsearch(),
        "FLAGPOST_INFERENCE_THREADS": "1",
    }


class WorkerProcesses:
    """A supervisor with its stages, as a context."""

    def __init__(self, settings: Settings, *stages: str, **extra: str) -> None:
        self._settings = settings
        self._stages = stages or ("classify", "index")
        self._extra = extra
        self.logs = settings.home / "logs"

    def __enter__(self) -> WorkerProcesses:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", *self._stages, "--logs", str(self.logs)],
            env={**environment(self._settings), **self._extra},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> float:
        """Asks the supervisor to end everything; returns the seconds that it took."""
        started = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
        return time.monotonic() - started

    def pid_of(self, stage: str) -> int | None:
        """Process that runs ``stage`` now and has written its run file."""
        children = {child.pid for child in psutil.Process(self._process.pid).children()}
        for path in (self._settings.home / "workers").glob(f"{stage}-*.json"):
            pid = int(json.loads(path.read_text())["pid"])
            if pid in children:
                return pid
        return None

    def wait_until_up(self, seconds: float = 60) -> None:
        for stage in set(self._stages):
            wait_for(lambda stage=stage: self.pid_of(stage), seconds, f"{stage} is running; {self.log(stage)}")

    def kill(self, stage: str) -> int:
        """Ends a stage's process at once, as a crash would; returns its pid."""
        pid = self.pid_of(stage)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def log(self, stage: str) -> str:
        path: Path = self.logs / f"{stage}.log"
        return path.read_text("utf-8", "replace")[-2000:] if path.exists() else "no log"
