"""Which workers live on this machine, and how they are, by their run files and their /healthz."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from pipeline.metrics import Health
from pipeline.pause import pause_file
from pipeline.processes import lives

HEALTH_SECONDS: Final = 2.0


class RunFile(Struct, frozen=True):
    """What a worker notes in ``<home>/workers/<stage>-<pid>.json`` when it starts."""

    stage: str
    pid: int
    started_at: dt.datetime
    url: str


class Worker(Struct, frozen=True):
    """A living worker. ``state`` is its health's, or ``unreachable`` when its process lives and doesn't answer."""

    stage: str
    pid: int
    state: str
    detail: str
    lag: int | None
    started_at: dt.datetime
    url: str


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


def pauses(home: Path) -> list[Pause]:
    """The paused stages of this machine."""
    found = []
    for path in sorted((home / "workers").glob("*.paused")):
        stage = path.stem
        if path == pause_file(home, stage):
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
    if health is None:
        state, detail = "unreachable", "its process lives and does not answer"
        return Worker(run.stage, run.pid, state, detail, None, run.started_at, run.url)
    return Worker(run.stage, run.pid, health.state, health.detail, health.lag, run.started_at, run.url)
