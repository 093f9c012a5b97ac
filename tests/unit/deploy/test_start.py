"""All or nothing, another port when one was lost, and the reason of a death: with a server that is a small program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.notes import Notes
from deploy.local.place import Place
from deploy.local.ports import Ports
from deploy.local.server import Folders, Name
from deploy.local.start import Start, start_all
from pipeline.errors import LocalStackError

QUIET = Console(quiet=True)
RUNS = "import time; print('up', flush=True); time.sleep(60)"
PORT_TAKEN = "raise SystemExit('java.net.BindException: Address already in use')"
DIES = "raise SystemExit('java.io.IOException: the disk is full.')"


@dataclass
class Program:
    """A server whose starts run the given Python programs, one after the other."""

    place: Place
    programs: list[str]
    name: Name = "kafka"
    version: str = "1"
    pid_file: Path | None = None
    ports_asked: list[int] = field(default_factory=list)

    @property
    def folders(self) -> Folders:
        return Folders(self.place.state / self.name)

    def environment(self, java: Path) -> dict[str, str]:
        return {}

    def prepare(self, program: Path, java: Path, ports: Ports, avoid: Sequence[int]) -> tuple[int, list[str]]:
        self.place.shown(self.folders.root)
        port = ports.choose(self.name, avoid)
        self.ports_asked.append(port)
        return port, [sys.executable, "-c", self.programs.pop(0), self.folders.marker]

    def is_ready(self, port: int) -> bool:
        return "up" in self.folders.console.read_text()


class Interrupted(Program):
    def is_ready(self, port: int) -> bool:
        raise KeyboardInterrupt


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path, tmp_path, tmp_path, account=None)
    place.settle()
    return place


@pytest.fixture
def notes(place: Place) -> Notes:
    return Notes(place.notes)


def start(server: Program, notes: Notes) -> Start:
    ports = Ports(notes.folder / "ports.json", lambda _port: True, {})
    return Start(server, program=Path("unused"), java=Path("unused"), ports=ports, notes=notes)


def test_what_has_started_is_noted(place: Place, notes: Notes) -> None:
    server = Program(place, [RUNS])
    starting = start(server, notes)
    try:
        start_all([starting], QUIET)
        assert notes.running(server)
    finally:
        starting.abort()
    assert notes.running(server) is None


def test_a_lost_port_is_replaced_by_another(place: Place, notes: Notes) -> None:
    server = Program(place, [PORT_TAKEN, RUNS])
    starting = start(server, notes)
    try:
        start_all([starting], QUIET)
        assert server.ports_asked == [9092, 9093]
        note = notes.read("kafka")
        assert note
        assert note.port == 9093
    finally:
        starting.abort()


def test_losing_ports_has_an_end(place: Place, notes: Notes) -> None:
    server = Program(place, [PORT_TAKEN] * 9)
    with pytest.raises(LocalStackError, match="Address already in use"):
        start_all([start(server, notes)], QUIET)
    assert len(server.ports_asked) == 3


def test_a_server_that_dies_is_told_with_its_reason_and_its_log(place: Place, notes: Notes) -> None:
    server = Program(place, [DIES])
    with pytest.raises(LocalStackError, match=r"Kafka 1 ended while it started: .*the disk is full\.$") as error:
        start_all([start(server, notes)], QUIET)
    assert str(server.folders.log) in error.value.hint


@pytest.mark.parametrize("second", [Program, Interrupted])
def test_nothing_is_left_running_when_one_of_two_fails_or_the_start_is_interrupted(
    place: Place, notes: Notes, second: type[Program]
) -> None:
    first = Program(place, [RUNS])
    other = second(place, [DIES if second is Program else RUNS], name="elasticsearch")
    starts = [start(first, notes), start(other, notes)]
    with pytest.raises(LocalStackError if second is Program else KeyboardInterrupt):
        start_all(starts, QUIET)
    assert notes.running(first) is None
    assert notes.running(other) is None
    assert not list(notes.folder.glob("kafka.json"))
