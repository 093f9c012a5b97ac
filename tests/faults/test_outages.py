"""Servers that are away: Kafka, Elasticsearch, both, and the dead-letter topic alone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kafka import KafkaAdminClient

from deploy.local.stack import Stack
from pipeline.settings import Settings
from pipeline.setup.topics import setup_topics
from tests.faults.streams import Stream, saturday, send
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses, environment

MEBIBYTE = 1024 * 1024
MOST_GROWN = 60 * MEBIBYTE
RATE = 20.0
WARM_UP = 10.0
"""Seconds in which OpenVINO meets most shapes of batches; it keeps memory for each."""


@pytest.mark.parametrize("seconds", [0, pytest.param(60, marks=pytest.mark.slow)])
def test_kafka_away_under_the_producer_and_the_workers_loses_nothing(
    ready: Settings, fault: Fault, stack: Stack, tmp_path: Path, seconds: int
) -> None:
    ledger = Ledger(ready)
    file = tmp_path / "posts.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for number, post in enumerate(saturday()[:600]):
            ledger.told(f"n{number}", post["text"])
            body = {"source": "x", "id": f"n{number}", "text": post["text"], "created_at": "2026-08-15T10:00:00Z"}
            lines.write(json.dumps(body) + "\n")
    command = [sys.executable, "-m", "pipeline.cli", "ingest", str(file), "--rate", "40"]
    with WorkerProcesses(ready):
        ledger.post("first", "lovely sunset over the bay tonight")
        ledger.flush()
        wait_for(lambda: ledger.outcomes(), "classify works, so that it keeps up with ingest")
        ingest = subprocess.Popen(command, env=environment(ready), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_for(lambda: len(ledger.outcomes()) > 60, "posts are on their way")
        assert ingest.poll() is None, "ingest still has posts to send"
        stack.kill(only="kafka")
        fired = unreachable(ready.bootstrap())
        wait(seconds)
        stack.up(only="kafka")
        back_at = time.monotonic()
        said = ingest.communicate(timeout=PATIENCE)[0]
        if ingest.returncode:  # the outage outlasted its patience: run again, it goes on where it was
            assert ingest.returncode == 3, said
            subprocess.run(command, env=environment(ready), check=True, capture_output=True, timeout=PATIENCE)
        name = f"Kafka killed and {seconds} s away, under ingest and workers"
        fault.survived(ready, ledger, name, fired, since=back_at)
    assert b"Traceback" not in said


@pytest.mark.parametrize("seconds", [15, pytest.param(300, marks=pytest.mark.slow)])
def test_elasticsearch_away_stops_nothing_else_and_memory_stays_flat(
    ready: Settings, fault: Fault, stack: Stack, seconds: int
) -> None:
    ledger = Ledger(ready)
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        with Stream(ledger, RATE):
            wait(WARM_UP)
        wait_for(lambda: len(ledger.outcomes()) == ledger.records, "both stages have warmed up")
        stack.down(only="elasticsearch")
        down_at = time.monotonic()
        fired = unreachable(urlsplit(ready.elasticsearch()).netloc)
        held: dict[str, list[int]] = {"classify": [], "index": []}
        with Stream(ledger, RATE):
            while time.monotonic() - down_at < seconds:
                for stage, samples in held.items():
                    samples.append(workers.memory(stage))
                wait(1)
        wait_for(lambda: len(ledger.outcomes()) == ledger.records, "classification goes on")
        stack.up(only="elasticsearch")
        fault.survived(ready, ledger, f"Elasticsearch {seconds} s away", fired)
    for stage, samples in held.items():
        half = len(samples) // 2
        assert max(samples[half:]) < max(samples[:half]) + MOST_GROWN, f"the memory of {stage} is not flat: {samples}"


def test_a_dead_letter_topic_that_is_gone_holds_everything_up_and_loses_nothing(ready: Settings, fault: Fault) -> None:
    ledger = Ledger(ready)
    name = ready.named("dead-letters")
    with WorkerProcesses(ready) as workers:
        ledger.bad(b"<html>", key="x:n0")
        ledger.flush()
        wait_for(lambda: len(ledger.outcomes()) == 1, "classify has written a dead letter")
        ledger.poison.clear()  # the letter goes with its topic
        admin = KafkaAdminClient(bootstrap_servers=ready.bootstrap())
        admin.delete_topics([name])
        wait_for(lambda: name not in admin.list_topics(), "the topic is gone")
        admin.close()
        send(ledger, 50)
        ledger.bad(b"<html>again", key="x:n1")
        send(ledger, 50, first=50)
        wait_for(lambda: trouble(workers), "classify says that it can't write its dead letter")
        told = {outcome["outcome"] for outcome in ledger.outcomes().values()}
        assert len(ledger.outcomes()) < ledger.records, f"nothing is acked without its dead letter: {told}"
        list(setup_topics(ready))
        fault.survived(ready, ledger, "the dead-letter topic deleted", trouble(workers))


@pytest.mark.slow
def test_both_servers_killed_in_mid_stream_lose_nothing(ready: Settings, fault: Fault, stack: Stack) -> None:
    ledger = Ledger(ready)
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        send(ledger, 1000)
        wait_for(lambda: len(ledger.outcomes()) > 50, "classify is at work")
        assert len(ledger.outcomes()) < ledger.records, "and has more to do"
        stack.kill()
        fired = unreachable(ready.bootstrap()) + unreachable(urlsplit(ready.elasticsearch()).netloc)
        stack.up()
        back_at = time.monotonic()
        fault.survived(ready, ledger, "Kafka and Elasticsearch killed", fired, since=back_at)


def unreachable(address: str) -> int:
    """1 once nobody listens at ``host:port``; a killed server's threads may take a moment to end."""
    host, _, port = address.rpartition(":")

    def refused() -> bool:
        try:
            socket.create_connection((host, int(port)), timeout=2).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_for(refused, f"nobody listens at {address}")
    return 1


def trouble(workers: WorkerProcesses) -> int:
    return workers.ends("halted") + workers.says("classify", "the dead-letter topic does not acknowledge")


def wait(seconds: float) -> None:
    """Passes the time for which something is away: its length is the fault."""
    time.sleep(seconds)
