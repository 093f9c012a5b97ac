"""Starts servers and waits until they are ready: all of them or none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from deploy.local import failure, process
from deploy.local.notes import Notes
from deploy.local.ports import Ports
from deploy.local.process import Started
from deploy.local.server import Server
from pipeline.errors import LocalStackError

START_SECONDS = 180.0
_POLL_SECONDS = 0.1
_PORT_TRIES = 3


@dataclass
class Start:
    """One server on its way up. ``ports_lost`` are those that another program took between our look and the bind."""

    server: Server
    program: Path
    java: Path
    ports: Ports
    notes: Notes
    deadline: float = 0.0
    port: int = 0
    log_begins: int = 0
    launched: list[Started] = field(default_factory=list)
    ports_lost: list[int] = field(default_factory=list)

    def launch(self) -> None:
        server, folders = self.server, self.server.folders
        self.port, command = server.prepare(self.program, self.java, self.ports, self.ports_lost)
        self.log_begins = folders.log.stat().st_size if folders.log.exists() else 0
        self.deadline = time.monotonic() + START_SECONDS
        started = process.spawn(
            command,
            environment=server.environment(self.java),
            folder=folders.root,
            output=folders.console,
            account=server.place.account,
        )
        self.launched.append(started)
        self.notes.write(server.name, started, self.port, server.version)

    def is_ready(self) -> bool:
        """Whether the server is ready; starts it again on another port if its own was taken.

        Raises `LocalStackError` when it has died or takes too long.
        """
        if self.notes.running(self.server) is None:
            self._died()
        elif self.server.is_ready(self.port):
            self.notes.settle(self.server, self.port)
            return True
        elif time.monotonic() > self.deadline:
            raise too_slow(self.server)
        return False

    def abort(self) -> None:
        """Ends what was launched."""
        found = self.notes.running(self.server) if self.launched else None
        if found:
            process.kill(found)
        for started in self.launched:
            process.kill_session(started)
        if self.launched:
            self.notes.forget(self.server.name)

    def _died(self) -> None:
        """Launches again, on other ports, if one was taken meanwhile; else raises what the logs say."""
        folders = self.server.folders
        lines = failure.read_from(folders.log, self.log_begins) + failure.read_from(folders.console, 0)
        if failure.is_port_taken(lines) and len(self.launched) < _PORT_TRIES:
            self.ports_lost.extend(self.ports.remembered().values())
            self.launch()
            return
        said = failure.most_telling(lines)
        raise LocalStackError(
            f"{self.server.name.title()} {self.server.version} ended while it started"
            + (f": {said.rstrip('.')}." if said else " and said nothing."),
            f"Its log is {folders.log}, its output {folders.console}. `flagpost doctor` looks for the usual causes.",
        )


def start_all(starts: Sequence[Start], console: Console) -> None:
    """Launches all, then waits until each is ready. On any error or interruption nothing is left running."""
    try:
        for start in starts:
            start.launch()
            console.print(f"Starting {start.server.name.title()} {start.server.version} …")
        waiting = list(starts)
        while waiting:
            waiting = [start for start in waiting if not start.is_ready()]
            if waiting:
                time.sleep(_POLL_SECONDS)
    except BaseException:
        if any(start.launched for start in starts):
            console.print("Stopping what was started …")
        for start in starts:
            start.abort()
        raise


def wait_ready(server: Server, port: int, notes: Notes) -> None:
    """Waits for a server that was started before; it is left alone when it doesn't answer in time."""
    deadline = time.monotonic() + START_SECONDS
    while not server.is_ready(port):
        if time.monotonic() > deadline:
            raise too_slow(server)
        time.sleep(_POLL_SECONDS)
    notes.settle(server, port)


def too_slow(server: Server) -> LocalStackError:
    return LocalStackError(
        f"{server.name.title()} {server.version} runs but has not become ready within {START_SECONDS:.0f} seconds.",
        f"Its log is {server.folders.log}. Stop it with `flagpost local down` and try again.",
    )
