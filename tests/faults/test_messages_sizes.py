"""Posts at every bound of size: what `flagpost ingest` makes of them, and what becomes of those put onto Kafka directly.

The bounds: a post 256 KiB, a record of `[posts]` 1 MiB, a dead letter 2 MiB and a little. What is too large to be used is
kept as a dead letter; what is too large to be kept is refused, and whoever sent it is told.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError

from pipeline.settings import Settings
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.servers import Flagpost
from tests.worker_processes import WorkerProcesses

HELP = "please help, a man with a knife is trying to get into my house right now, send police. "

POST = 256 * 1024
RECORD = 1024 * 1024
ENVELOPE = 200
"""More bytes than Kafka adds to a record of one short key."""

MEGABYTES = (900_000, 1_000_000, RECORD - ENVELOPE)


def test_ingest_sends_what_fits_and_keeps_what_does_not(
    ready: Settings, flagpost: Flagpost, tmp_path: Path, fault: Fault
) -> None:
    ledger = Ledger(ready)
    path = tmp_path / "posts.jsonl"
    largest = line("largest", POST - 200)  # ingest adds the moment when it read the post
    too_large = [line(f"n{size}", size) for size in (POST, 900_000, 1_000_000, 1_100_000, 2_000_000)]
    path.write_bytes(b"\n".join([line("first", 500), *too_large, largest, line("last", 500)]))
    ran = flagpost("ingest", str(path), "--json")
    counts = json.loads(ran.out)
    assert (ran.code, counts["sent"], counts["bad"], counts["refused"]) == (1, 3, 5, 0)
    expect(ledger, "first", 500)
    expect(ledger, "largest", POST - 200)
    expect(ledger, "last", 500)
    ledger.poison += too_large
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "lines of 0.25 to 2 MB ingested", fired=len(too_large))
    assert len(ledger.documents()) == 3


def test_a_line_larger_than_a_dead_letter_is_refused_and_told(
    ready: Settings, flagpost: Flagpost, tmp_path: Path
) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join([line("first", 500), line("huge", 3_000_000), line("last", 500)]))
    ran = flagpost("ingest", str(path), "--json")
    counts = json.loads(ran.out)
    assert (ran.code, counts["sent"], counts["bad"], counts["refused"]) == (1, 2, 0, 1)
    assert f"{path}:2: too_large" in ran.err


@pytest.mark.slow
def test_what_is_put_onto_kafka_directly_is_dead_lettered_or_refused_by_the_broker(
    ready: Settings, fault: Fault
) -> None:
    ledger = Ledger(ready)
    for number, size in enumerate((POST + 1, *MEGABYTES)):
        ledger.post(f"n{number}", HELP)
        put(ledger, line(f"n{number}", size), f"x:n{number}")
    refused = (RECORD, 1_100_000, 3_000_000)
    for size in refused:
        with pytest.raises(MessageSizeTooLargeError):
            put(ledger, line("huge", size), "x:huge")
    ledger.post("last", HELP)
    ledger.flush()
    with WorkerProcesses(ready):
        fault.survived(
            ready, ledger, "0.25, 0.9, 1.0, 1.1 and 3 MB onto Kafka", fired=len(ledger.poison) + len(refused)
        )
    assert len(ledger.poison) == 4
    assert len(ledger.documents()) == 5


@pytest.mark.slow
def test_compressing_a_record_lets_nobody_past_the_bound(ready: Settings, fault: Fault) -> None:
    """What no dead letter can hold would halt the stage for ever: it must not get onto the topic."""
    ledger = Ledger(ready)
    refused = (1_100_000, 3_000_000)
    for size in refused:
        with pytest.raises(MessageSizeTooLargeError):
            put(ledger, line("huge", size), "x:huge", compression="gzip")
    put(ledger, line("large", 900_000), "x:large", compression="gzip")
    ledger.post("last", HELP)
    ledger.flush()
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "1.1 and 3 MB onto Kafka, compressed", fired=len(refused))
    assert len(ledger.poison) == 1
    assert len(ledger.documents()) == 1


def put(ledger: Ledger, value: bytes, key: str, compression: str | None = None) -> None:
    """Puts a post that is too large to be used onto Kafka, as anybody may; what the broker takes is noted as poison.

    With a producer of its own each time: kafka-python's fails everything once the broker has refused a record.
    """
    settings = ledger.settings
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap(), max_request_size=8 * RECORD, compression_type=compression
    )
    try:
        producer.send(settings.named("posts"), value, key=key.encode()).get(30)
    finally:
        producer.close(timeout=5)
    ledger.records += 1
    ledger.poison.append(value)


def line(id: str, size: int) -> bytes:
    """A post of exactly ``size`` bytes."""
    body = {"type": "post", "source": "x", "id": id, "text": "", "created_at": "2026-08-15T10:00:00Z"}
    body["text"] = text_of(size - len(json.dumps(body)))
    return json.dumps(body).encode()


def text_of(length: int) -> str:
    return (HELP * (length // len(HELP) + 1))[:length]


def expect(ledger: Ledger, id: str, size: int) -> None:
    """Notes a post that ingest has sent."""
    ledger.records += 1
    ledger.wordings["x", id].append(("2026-08-15T10:00:00Z", json.loads(line(id, size))["text"]))
