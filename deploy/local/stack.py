"""The local stack: a real Kafka and a real Elasticsearch on this machine, started, found again and stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from rich.console import Console

from deploy.local import artifacts, process, room
from deploy.local.elasticsearch import Elasticsearch
from deploy.local.java import java_home
from deploy.local.kafka import Kafka
from deploy.local.lock import ELASTICSEARCH_VERSIONS
from deploy.local.notes import Notes, Status
from deploy.local.place import Place, place_for
from deploy.local.ports import Ports
from deploy.local.process import exclusive
from deploy.local.server import NAMES, Name, Server, program_of
from deploy.local.start import Start, start_all, wait_ready
from pipeline.errors import LocalStackError
from pipeline.settings import local_status_file

VERSION_VARIABLE = "ES_VERSION"
STOP_SECONDS = 20.0


class Stack:
    """The local stack of one home. Several homes on one machine don't disturb each other.

    ``es_version`` is the Elasticsearch that `up` starts: that argument, else ES_VERSION, else the first that works.
    The methods may be called at any time, by several commands at once; they raise `LocalStackError`.
    """

    def __init__(self, home: Path, es_version: str | None = None, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, quiet=True)
        self._status_file = local_status_file(home)
        self._asked_version = es_version or os.environ.get(VERSION_VARIABLE)
        self._place: Place = place_for(home)
        self._notes = Notes(self._place.notes)

    def up(self, only: Name | None = None) -> Status:
        """Starts what doesn't run yet, both servers or one, and returns when they are ready to work.

        Of what this call started nothing is left running when it fails or is interrupted.
        """
        wanted = [self._wanted(name) for name in _named(only)]
        with self._alone():
            self._place.settle()
            running = [server for server in wanted if self._is_running(server)]
            missing = [server for server in wanted if server not in running]
            if missing:
                self._start(missing)
            for server in running:
                note = self._notes.read(server.name)
                if note and not server.is_ready(note.port):
                    self._console.print(f"Waiting for {server.name.title()} …")
                if note:
                    wait_ready(server, note.port, self._notes)
            return self._publish()

    def down(self, only: Name | None = None, wipe: bool = False) -> Status:
        """Stops what runs, both servers or one; with ``wipe`` deletes its data too, of every version."""
        self._end(only, lambda found: process.stop(found, STOP_SECONDS))
        if wipe and self._place.notes.is_dir():
            with self._alone():
                for name in _named(only):
                    for folder in self._place.state.glob(f"{name}*"):
                        if folder.is_dir():
                            self._place.wipe(folder)
        return self._publish()

    def kill(self, only: Name | None = None) -> Status:
        """Ends what runs at once, as a crash would. Data and status.json stay as they are."""
        self._end(only, process.kill)
        return self.status()

    def status(self) -> Status:
        """What runs now."""
        return self._notes.status({name: self._noted(name) for name in NAMES})

    def log_file(self, name: Name) -> Path:
        """The log of a server; it may not exist yet."""
        return self._noted(name).folders.log

    # Below: how

    def _start(self, servers: list[Server]) -> None:
        room.require_memory(sum(room.MEMORY_NEEDED[server.name] for server in servers), room.available_memory())
        for folder in (self._place.state, self._place.programs):
            room.require_disk(folder, room.free_disk(folder))
        java = java_home(self._place, self._console)
        ports = Ports(self._place.notes / "ports.json")
        starts = []
        for server in reversed(servers):  # Elasticsearch takes longest: first
            program = artifacts.fetch(program_of(server.name, server.version), self._place.programs, self._console)
            starts.append(Start(server, program, java, ports, self._notes))
        start_all(starts, self._console)

    def _end(self, only: Name | None, how: Callable[[psutil.Process], None]) -> None:
        if not self._place.notes.is_dir():
            return
        with self._alone():
            found = [running for name in _named(only) if (running := self._notes.running(self._noted(name)))]
            with ThreadPoolExecutor() as pool:
                list(pool.map(how, found))
            for name in _named(only):
                self._notes.forget(name)

    def _is_running(self, server: Server) -> bool:
        """Raises `LocalStackError` when another version of the server runs."""
        note = self._notes.read(server.name)
        if note is None or not self._notes.running(self._noted(server.name)):
            return False
        if note.version != server.version:
            raise LocalStackError(
                f"{server.name.title()} {note.version} is running, and {server.version} is asked for by {VERSION_VARIABLE}.",
                f"Stop it first: flagpost local down --only {server.name}.",
            )
        return True

    def _wanted(self, name: Name) -> Server:
        """The server that `up` is to have running: of the version asked for, else of the one that runs."""
        if name == "kafka":
            return Kafka(self._place)
        return Elasticsearch(self._place, self._asked_version) if self._asked_version else self._noted(name)

    def _noted(self, name: Name) -> Server:
        """The server as it was last started."""
        if name == "kafka":
            return Kafka(self._place)
        note = self._notes.read(name)
        known = note and note.version in ELASTICSEARCH_VERSIONS
        return Elasticsearch(self._place, note.version if note and known else ELASTICSEARCH_VERSIONS[0])

    def _publish(self) -> Status:
        status = self.status()
        self._notes.publish(status, self._status_file)
        return status

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other commands on the same home waiting, and says which file is in the way when one is."""
        try:
            with exclusive(self._place.notes / "lock", self._console):
                yield
        except OSError as error:
            raise LocalStackError(
                f"{error.filename or self._place.notes} can't be used ({error.strerror or error}).",
                "Correct its owner or its rights, or choose another folder with FLAGPOST_HOME.",
            ) from error


def _named(only: Name | None) -> tuple[Name, ...]:
    return NAMES if only is None else (only,)
