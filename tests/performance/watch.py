"""Looks at processes from outside while they work: CPU time by process and by thread, and resident memory."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psutil

from deploy.local.stack import Stack
from pipeline.settings import Settings

EVERY = 0.5
"""Seconds between two looks."""

MEBIBYTE = 1024 * 1024

_NETWORK = "asyncio"
"""First letters of OpenVINO's threads: they have the name of the thread that loaded the model and started them."""

_JUDGING = ("inference", _NETWORK)
"""With the thread of `pipeline.classify.judge`, which cleans texts, cuts them into tokens and decides."""


@dataclass(frozen=True)
class Look:
    """One moment. ``cpu`` are seconds since the process began; ``threads`` are those of the classify worker, by id."""

    at: float
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    threads: dict[int, tuple[str, float]] = field(default_factory=dict)


class Watch:
    """A context that looks at the workers of an installation and at both servers until it ends."""

    def __init__(self, settings: Settings, stack: Stack) -> None:
        self._home = settings.home
        servers = stack.status()
        self._servers = {"kafka": servers["kafka"]["pid"], "elasticsearch": servers["elasticsearch"]["pid"]}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_until_stopped, daemon=True)
        self.looks: list[Look] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def within(self, begin: float, end: float) -> list[Look]:
        """The looks between two moments of `time.time`, at least two: where there are fewer, those around them too."""
        inside = [look for look in self.looks if begin <= look.at <= end]
        if len(inside) >= 2:
            return inside
        before = [look for look in self.looks if look.at < begin][-1:]
        after = [look for look in self.looks if look.at > end][:1]
        return [*before, *inside, *after]

    def cpu_seconds(self, begin: float, end: float) -> tuple[dict[str, float], float]:
        """CPU seconds of each process that lived from ``begin`` to ``end``, and the seconds between the two looks."""
        looks = self.within(begin, end)
        first, last = looks[0], looks[-1]
        return {name: last.cpu[name] - first.cpu[name] for name in last.cpu if name in first.cpu}, last.at - first.at

    def threads_of_classify(self, begin: float, end: float) -> dict[str, float]:
        """CPU seconds by the name of the classify worker's threads."""
        looks = self.within(begin, end)
        spent: dict[str, float] = {}
        for number, (name, seconds) in looks[-1].threads.items():
            spent[name] = spent.get(name, 0.0) + seconds - looks[0].threads.get(number, (name, 0.0))[1]
        return spent

    def inference_share(self, begin: float, end: float) -> float:
        """CPU seconds of the threads that judge, of all those of the classify worker."""
        spent = self.threads_of_classify(begin, end)
        judging = sum(seconds for name, seconds in spent.items() if name.startswith(_JUDGING))
        return judging / sum(spent.values())

    def network_share(self, begin: float, end: float) -> float:
        """CPU seconds of the network alone, of all those of the classify worker."""
        spent = self.threads_of_classify(begin, end)
        return sum(seconds for name, seconds in spent.items() if name.startswith(_NETWORK)) / sum(spent.values())

    def _look_until_stopped(self) -> None:
        while not self._stop.wait(EVERY):
            self.looks.append(self._look())

    def _look(self) -> Look:
        look = Look(time.time())
        for name, pid in {**self._servers, **self._workers()}.items():
            try:
                process = psutil.Process(pid)
                times = process.cpu_times()
                look.cpu[name] = times.user + times.system
                look.memory[name] = process.memory_info().rss / MEBIBYTE
                if name == "classify":
                    look.threads.update(_threads(process))
            except psutil.Error:  # it has ended meanwhile
                continue
        return look

    def _workers(self) -> dict[str, int]:
        """classify, index, and with more than one of them classify-2 …, by their run files."""
        pids: dict[str, int] = {}
        for path in sorted((self._home / "workers").glob("*.json")):
            run = json.loads(path.read_text() or "{}")
            if run:
                count = sum(name.partition("-")[0] == run["stage"] for name in pids)
                pids[run["stage"] if not count else f"{run['stage']}-{count + 1}"] = int(run["pid"])
        return pids


def _threads(process: psutil.Process) -> dict[int, tuple[str, float]]:
    threads = {}
    for thread in process.threads():
        try:
            name = Path(f"/proc/{process.pid}/task/{thread.id}/comm").read_text().strip()
        except OSError:
            continue
        name = "event loop" if thread.id == process.pid else name
        threads[thread.id] = name, thread.user_time + thread.system_time
    return threads
