"""Real workers for tests: `flagpost worker …` as a user starts it, with a home and a namespace of the test's own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import psutil

from pipeline.settings import Settings
from tests.waiting import wait_for


def environment(settings: Settings) -> dict[str, str]:
    """Environment variables that give a process ``settings``."""
    return {
        **os.environ,
        "FLAGPOST_HOME": str(settings.home),
        "FLAGPOST_NAMESPACE": settings.namespace,
        "FLAGPOST_KAFKA_BOOTSTRAP": settings.bootstrap(),
        "FLAGPOST_ELASTICSEARCH_URL": settings.elasticsearch(),
        "FLAGPOST_INFERENCE_THREADS": "1",
        "FLAGPOST_RETAIN_ITEMS_DAYS": "36500",  # what tests send is dated, and must not be over one day
    }


class WorkerProcesses:
    """A supervisor with its stages, as a context."""

    def __init__(self, settings: Settings, *stages: str, **extra: str) -> None:
        self._settings = settings
        self._stages = stages or ("classify", "index")
        self._extra = extra
        self.logs = settings.home / "logs"

    def __enter__(self) -> WorkerProcesses:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / "supervisor.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "worker", *self._stages, "--logs", str(self.logs)],
                env={**environment(self._settings), **self._extra},
                stdin=subprocess.DEVNULL,
                stderr=log,
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
        return next(iter(self.pids_of(stage)), None)

    def pids_of(self, stage: str) -> list[int]:
        """Processes that run ``stage`` now and have written their run files."""
        children = {child.pid for child in psutil.Process(self._process.pid).children()}
        pids = []
        for path in sorted((self._settings.home / "workers").glob(f"{stage}-*.json")):
            with contextlib.suppress(FileNotFoundError):  # a worker that has just ended takes it away
                pids.append(int(json.loads(path.read_text())["pid"]))
        return [pid for pid in pids if pid in children]

    def wait_until_up(self) -> None:
        for stage in set(self._stages):
            wanted = self._stages.count(stage)
            wait_for(
                lambda stage=stage, wanted=wanted: len(self.pids_of(stage)) == wanted,
                lambda stage=stage: f"{stage} is running; {self.log(stage)}",
            )

    def kill(self, stage: str) -> int:
        """Ends a stage's process at once, as a crash would; returns its pid."""
        pid = self.pid_of(stage)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def memory(self, stage: str) -> int:
        """Bytes that a stage's processes hold now, also while they start; 0 between two lives."""
        held = 0
        for child in psutil.Process(self._process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if f"agents.{stage}" in child.cmdline():
                    held += child.memory_info().rss
        return held

    def log(self, stage: str) -> str:
        path: Path = self.logs / f"{stage}.log"
        return path.read_text("utf-8", "replace")[-2000:] if path.exists() else "no log"

    def says(self, stage: str, words: str) -> int:
        """How often ``words`` stand in the log of ``stage``, or of the ``supervisor``."""
        path = self.logs / f"{stage}.log"
        return path.read_text("utf-8", "replace").count(words) if path.exists() else 0

    def ends(self, reason: str) -> int:
        """How many workers ended for ``reason``, as the supervisor has it: halted, killed by signal 9 …"""
        return self.says("supervisor", f'"reason": "{reason}')
