"""Which workers live, and how they are: those of this machine by their run files and their /healthz, those of others by
what they say on `[workers]`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import psutil
from msgspec import Struct

from pipeline.metrics import Health
from pipeline.moments import span
from pipeline.processes import lives
from pipeline.watch.lives import Life, Lives
from pipeline.watch.report import hostname

HEALTH_SECONDS: Final = 2.0


class RunFile(Struct, frozen=True):
    """What a worker notes in ``<home>/workers/<stage>-<pid>.json`` when it starts."""

    stage: str
    pid: int
    started_at: dt.datetime
    url: str


class Worker(Struct, frozen=True):
    """A worker. ``state`` is its health's; or ``unreachable`` when its process lives on this machine and doesn't answer, or
    ``silent`` when it gave no sign lately and did not say that it ended.
    """

    stage: str
    pid: int
    state: str
    detail: str
    lag: int | None
    started_at: dt.datetime
    url: str
    """Where its /metrics is; empty for a worker of another machine."""
    host: str = ""
    silent_seconds: float | None = None
    """Since its last sign; null for a worker of this machine, which was asked."""


class Pause(Struct, frozen=True):
    """A stage that its poison guard stopped on this machine."""

    stage: str
    reason: str


def workers(home: Path, ask: Callable[[str], Health | None] | None = None) -> list[Worker]:
    """The living workers of this machine, by stage and pid. Run files of dead processes are passed over."""
    found = []
    for path in sorted((home / "workers").glob("*.json")):
        try:
            run = msgspec.json.decode(path.read_bytes(), type=RunFile)
        except (OSError, msgspec.MsgspecError):
            continue
        if is_alive(run):
            found.append(_worker(run, (ask or ask_health)(run.url)))
    return found


def elsewhere(here: Sequence[Worker], lives: Lives, now: dt.datetime) -> list[Worker]:
    """The workers that are not among those ``here``, by host, stage and pid.

    Of those that gave no sign lately the newest of its stage and host is told, if nobody took its place.
    """
    known = {(worker.stage, worker.host, worker.pid) for worker in here}
    now = lives.now(now)
    places = {(worker.stage, worker.host) for worker in here}
    told = []
    for life in _newest_first(lives):
        report = life.report
        alive = life.alive(now) and not _gone(report.host, report.pid)
        if (report.stage, report.host, report.pid) in known or not (alive or (report.stage, report.host) not in places):
            continue
        places.add((report.stage, report.host))
        if alive or report.state != "ended":
            told.append(_told(life, alive, (now - life.last_at).total_seconds()))
    return sorted(told, key=lambda worker: (worker.host, worker.stage, worker.pid))


def _newest_first(lives: Iterable[Life]) -> list[Life]:
    return sorted(lives, key=lambda life: life.last_at, reverse=True)


def _gone(host: str, pid: int) -> bool:
    return host == hostname() and not psutil.pid_exists(pid)


def _told(life: Life, alive: bool, silent_seconds: float) -> Worker:
    report = life.report
    return Worker(
        stage=report.stage,
        pid=report.pid,
        state=report.state if alive else "silent",
        detail=report.detail if alive else f"no sign for {span(silent_seconds)}",
        lag=report.lag,
        started_at=report.started_at,
        url="",
        host=report.host,
        silent_seconds=round(silent_seconds, 1),
    )


def pauses(home: Path) -> list[Pause]:
    """The paused stages of this machine."""
    found = []
    for path in sorted((home / "workers").glob("*.paused")):
        stage = path.stem
        with contextlib.suppress(FileNotFoundError):  # somebody has just let it go on
            found.append(Pause(stage, path.read_text("utf-8", errors="replace") or "paused"))
    return found


def is_alive(run: RunFile) -> bool:
    """Whether the process that wrote ``run`` lives; another one that got its pid later is not it."""
    return lives(run.pid, run.started_at.timestamp())


def ask_health(url: str) -> Health | None:
    """What ``url``/healthz says, whether well or not; None when nobody answers."""
    # Never through a proxy: the address is this machine's.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/healthz", timeout=HEALTH_SECONDS) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except (OSError, ValueError):
        return None
    try:
        return msgspec.convert(json.loads(body), Health)
    except (ValueError, msgspec.MsgspecError):
        return None


def _worker(run: RunFile, health: Health | None) -> Worker:
    host = hostname()
    if health is None:
        state, detail = "unreachable", "its process lives and does not answer"
        return Worker(run.stage, run.pid, state, detail, None, run.started_at, run.url, host)
    return Worker(run.stage, run.pid, health.state, health.detail, health.lag, run.started_at, run.url, host)
