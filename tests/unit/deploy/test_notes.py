"""Notes and the processes that they name. The processes are real: a small program with the marker on its command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from deploy.local import process
from deploy.local.elasticsearch import Elasticsearch
from deploy.local.kafka import Kafka
from deploy.local.notes import Note, Notes
from deploy.local.place import Place
from deploy.local.process import Started
from deploy.local.server import Name, Server

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "local", tmp_path / "local", tmp_path / "cache", account=None)


@pytest.fixture
def notes(place: Place) -> Notes:
    place.settle()
    return Notes(place.notes)


@pytest.fixture
def started(place: Place) -> Iterator[Started]:
    """A process that looks like this home's Kafka."""
    with a_process(f"{Kafka(place).folders.marker}data") as running:
        yield running


class a_process:
    def __init__(self, argument: str) -> None:
        self._argument = argument

    def __enter__(self) -> Started:
        self._child = subprocess.Popen([sys.executable, "-c", SLEEP, self._argument])
        process = psutil.Process(self._child.pid)
        while self._argument not in process.cmdline():  # empty for a moment after the start
            pass
        return Started(process.pid, process.create_time())

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()


def test_a_noted_process_is_found_again(notes: Notes, place: Place, started: Started) -> None:
    notes.write("kafka", started, 9092, "4.3.0")
    found = notes.running(Kafka(place))
    assert found
    assert found.pid == started.pid


def test_a_pid_that_was_given_to_a_later_process_is_not_ours(notes: Notes, place: Place, started: Started) -> None:
    notes.write("kafka", replace(started, created=started.created - 3600), 9092, "4.3.0")
    assert notes.running(Kafka(place)) is None


def test_a_pid_that_was_given_to_another_program_is_not_ours(notes: Notes, place: Place) -> None:
    with a_process("/somewhere/else/kafka/") as other:
        notes.write("kafka", other, 9092, "4.3.0")
        assert notes.running(Kafka(place)) is None


def test_a_process_that_ended_is_not_running_even_while_nobody_has_reaped_it(notes: Notes, place: Place) -> None:
    child = subprocess.Popen([sys.executable, "-c", "", Kafka(place).folders.marker])
    started = Started(child.pid, psutil.Process(child.pid).create_time())
    notes.write("kafka", started, 9092, "4.3.0")
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert notes.running(Kafka(place)) is None
    child.wait()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "created": 0, "port": 1, "more": 2}'])
def test_a_damaged_note_is_as_good_as_none(notes: Notes, place: Place, content: str) -> None:
    (notes.folder / "kafka.json").write_text(content)
    assert notes.read("kafka") is None
    assert notes.running(Kafka(place)) is None


def test_the_server_that_a_launcher_leaves_behind_is_found_and_noted(notes: Notes, place: Place) -> None:
    elasticsearch = Elasticsearch(place)
    notes.write("elasticsearch", Started(2**22 + 1, 0.0), 9200, "9.2.0")  # the launcher, gone
    with a_process(f"{elasticsearch.folders.marker}tmp") as staying:
        place.hand_over(elasticsearch.folders.temporary)
        assert elasticsearch.pid_file
        elasticsearch.pid_file.write_text(f"{staying.pid}\n")
        notes.settle(elasticsearch, 9200)
        assert notes.read("elasticsearch") == Note(staying.pid, staying.created, 9200, "9.2.0")


def test_status_has_one_form_whatever_runs(notes: Notes, place: Place, started: Started) -> None:
    servers: dict[Name, Server] = {"kafka": Kafka(place), "elasticsearch": Elasticsearch(place)}
    nothing = {"kafka": {"bootstrap": None, "pid": None}, "elasticsearch": {"url": None, "version": None, "pid": None}}
    assert notes.status(servers) == nothing
    notes.write("kafka", started, 9093, "4.3.0")
    assert notes.status(servers) == {**nothing, "kafka": {"bootstrap": "127.0.0.1:9093", "pid": started.pid}}


def test_the_public_status_is_there_exactly_while_something_runs(notes: Notes, place: Place, started: Started) -> None:
    servers: dict[Name, Server] = {"kafka": Kafka(place), "elasticsearch": Elasticsearch(place)}
    file = place.notes / "status.json"
    notes.write("kafka", started, 9093, "4.3.0")
    notes.publish(notes.status(servers), file)
    assert json.loads(file.read_text())["kafka"]["bootstrap"] == "127.0.0.1:9093"
    notes.forget("kafka")
    notes.publish(notes.status(servers), file)
    assert not file.exists()


def test_a_spawned_process_leads_its_own_session_and_ends_when_it_is_stopped(tmp_path: Path) -> None:
    output = tmp_path / "console.log"
    started = process.spawn(
        [sys.executable, "-c", f"import os; print(os.getsid(0), flush=True); {SLEEP}", "marker"],
        environment={},
        folder=tmp_path,
        output=output,
        account=None,
    )
    found = process.find(started, "marker")
    assert found
    while not output.read_text().endswith("\n"):
        pass
    assert int(output.read_text()) == started.pid
    process.stop(found, patience=10)
    assert process.find(started, "marker") is None


def test_a_process_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    output = tmp_path / "console.log"
    started = process.spawn(
        [sys.executable, "-c", deaf, "marker"], environment={}, folder=tmp_path, output=output, account=None
    )
    while not output.read_text():
        pass
    found = process.find(started, "marker")
    assert found
    process.stop(found, patience=0.2)
    assert process.find(started, "marker") is None
