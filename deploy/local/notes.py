"""What flagpost writes down of the local servers, under ``<home>/local``.

``kafka.json`` and ``elasticsearch.json`` name the process, its port and version; ``status.json`` is what other commands
read as their default cluster. A note may be stale: `Notes.running` believes the process, not the note.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

import psutil

from deploy.local import process
from deploy.local.ports import LOOPBACK
from deploy.local.process import Started
from deploy.local.server import NAMES, Name, Server
from pipeline.whole_file import write_whole


class KafkaStatus(TypedDict):
    bootstrap: str | None
    pid: int | None


class ElasticsearchStatus(TypedDict):
    url: str | None
    version: str | None
    pid: int | None


class Status(TypedDict):
    """What runs; the values of a server that doesn't run are None."""

    kafka: KafkaStatus
    elasticsearch: ElasticsearchStatus


@dataclass(frozen=True)
class Note:
    """One server that was started: ``pid`` and ``created`` (seconds since the epoch) say which process it is."""

    pid: int
    created: float
    port: int
    version: str


@dataclass(frozen=True)
class Notes:
    folder: Path

    def read(self, name: Name) -> Note | None:
        """The note of a server; None if there is none or it can't be read."""
        try:
            return Note(**json.loads(self._file(name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, name: Name, started: Started, port: int, version: str) -> None:
        _write(self._file(name), asdict(Note(started.pid, started.created, port, version)))

    def forget(self, name: Name) -> None:
        self._file(name).unlink(missing_ok=True)

    def running(self, server: Server) -> psutil.Process | None:
        """The process of a server: the one noted, or the one that a noted launcher has left behind."""
        note = self.read(server.name)
        if note is None:
            return None
        found = process.find(Started(note.pid, note.created), server.folders.marker)
        return found or self.from_pid_file(server)

    def settle(self, server: Server, port: int) -> None:
        """Notes the process that stays, where the one noted was its launcher. To be called when the server is ready."""
        staying = self.from_pid_file(server) or self.running(server)
        if staying:
            self.write(server.name, Started(staying.pid, staying.create_time()), port, server.version)

    def from_pid_file(self, server: Server) -> psutil.Process | None:
        """The process that the server itself wrote down, if it is really the server's."""
        try:
            pid = int(server.pid_file.read_text(encoding="ascii")) if server.pid_file else 0
        except (OSError, ValueError):
            return None
        return process.find_marked(pid, server.folders.marker) if pid > 0 else None

    def status(self, servers: dict[Name, Server]) -> Status:
        """What runs now."""
        found = {name: self.running(servers[name]) for name in NAMES}
        notes = {name: self.read(name) if found[name] else None for name in NAMES}
        pids = {name: process.pid if process else None for name, process in found.items()}
        kafka, elasticsearch = notes["kafka"], notes["elasticsearch"]
        return {
            "kafka": {
                "bootstrap": f"{LOOPBACK}:{kafka.port}" if kafka else None,
                "pid": pids["kafka"] if kafka else None,
            },
            "elasticsearch": {
                "url": f"http://{LOOPBACK}:{elasticsearch.port}" if elasticsearch else None,
                "version": elasticsearch.version if elasticsearch else None,
                "pid": pids["elasticsearch"] if elasticsearch else None,
            },
        }

    def publish(self, status: Status, file: Path) -> None:
        """Writes ``status`` to ``file`` for the other commands; when nothing runs, removes it."""
        if any(server["pid"] for server in (status["kafka"], status["elasticsearch"])):
            _write(file, status)
        else:
            file.unlink(missing_ok=True)

    def _file(self, name: Name) -> Path:
        return self.folder / f"{name}.json"


def _write(file: Path, content: Any) -> None:
    write_whole(file, json.dumps(content).encode() + b"\n")
