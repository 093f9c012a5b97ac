"""The embedded Kafka and Elasticsearch, started for real in a home of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import kafka_probe
from deploy.local.elasticsearch import Elasticsearch, health
from deploy.local.kafka import Kafka
from deploy.local.notes import Status
from deploy.local.place import Place, place_for
from deploy.local.stack import Stack
from pipeline.settings import Settings, local_status_file
from tests.servers import processes_looked_into

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("local-stack")
    yield folder
    Stack(folder).down(wipe=True)


@pytest.fixture(scope="module")
def up(home: Path) -> Status:
    return Stack(home).up()


def port_of(address: str | None) -> int:
    assert address
    return int(address.rpartition(":")[2])


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`flagpost local …` as a user runs it."""
    environment = {**os.environ, "FLAGPOST_HOME": str(home)}
    line = [sys.executable, "-m", "pipeline.cli", "local", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def test_up_returns_when_both_servers_work(home: Path, up: Status) -> None:
    assert Kafka(place_for(home)).is_ready(port_of(up["kafka"]["bootstrap"]))
    assert health(port_of(up["elasticsearch"]["url"]))["status"] in ("green", "yellow")


def test_another_homes_servers_are_not_taken_for_ours(tmp_path: Path, up: Status) -> None:
    assert not kafka_probe.is_working(port_of(up["kafka"]["bootstrap"]), "another-cluster")
    elsewhere = Elasticsearch(Place(tmp_path, tmp_path, tmp_path, None))
    assert not elsewhere.is_ready(port_of(up["elasticsearch"]["url"]))


def test_other_commands_find_the_servers_by_default(home: Path, up: Status) -> None:
    settings = Settings(home=home, kafka_bootstrap=None, elasticsearch_url=None)
    assert settings.bootstrap() == up["kafka"]["bootstrap"]
    assert settings.elasticsearch() == up["elasticsearch"]["url"]


def test_status_tells_other_programs_what_runs(home: Path, up: Status) -> None:
    shown = command(home, "status", "--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout) == up


def test_a_second_up_changes_nothing_and_is_quick(home: Path, up: Status) -> None:
    begin = time.monotonic()
    assert Stack(home).up() == up
    assert time.monotonic() - begin < 8


def test_the_servers_do_not_run_as_root_and_know_none_of_our_variables(up: Status) -> None:
    for pid in (up["kafka"]["pid"], up["elasticsearch"]["pid"]):
        server = psutil.Process(pid)
        assert server.uids().effective != 0
        with processes_looked_into():
            assert not any(name.startswith("FLAGPOST") for name in server.environ())


def test_a_terminals_interrupt_does_not_reach_the_servers(up: Status) -> None:
    for pid in (up["kafka"]["pid"], up["elasticsearch"]["pid"]):
        assert pid
        assert os.getsid(pid) != os.getsid(0)


def test_the_logs_can_be_read(home: Path, up: Status) -> None:
    assert "Kafka" in command(home, "logs", "kafka", "-n", "500").stdout
    assert "started" in command(home, "logs", "elasticsearch", "-n", "500").stdout


def test_a_server_that_was_killed_is_noticed_and_comes_back_where_it_was(home: Path, up: Status) -> None:
    killed = Stack(home).kill("kafka")
    assert killed["kafka"] == {"bootstrap": None, "pid": None}
    assert killed["elasticsearch"] == up["elasticsearch"]
    assert command(home, "status", "--json").returncode == 1

    again = Stack(home).up()
    assert again["kafka"]["bootstrap"] == up["kafka"]["bootstrap"]
    assert again["kafka"]["pid"] != up["kafka"]["pid"]
    assert again["elasticsearch"] == up["elasticsearch"]


def test_one_server_can_be_stopped_alone(home: Path, up: Status) -> None:
    left = Stack(home).down("kafka")
    assert left["kafka"]["pid"] is None
    assert left["elasticsearch"] == up["elasticsearch"]
    assert local_status_file(home).exists()


def test_down_stops_everything_and_says_so(home: Path, up: Status) -> None:
    shown = command(home, "down")
    assert shown.returncode == 0
    assert not local_status_file(home).exists()
    pid = up["elasticsearch"]["pid"]
    assert pid
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
