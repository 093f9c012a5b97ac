"""Topics that take smaller records than `flagpost setup` gave them: somebody must act, and until then nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.errors import NotSetUp
from pipeline.settings import Settings
from tests.faults.table import Fault
from tests.faults.test_messages_sizes import HELP, expect, line
from tests.ledger import Ledger
from tests.servers import Flagpost
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses


def test_posts_that_takes_too_little_stops_ingest_until_setup_has_run(
    ready: Settings, flagpost: Flagpost, tmp_path: Path, fault: Fault
) -> None:
    ledger = Ledger(ready)
    limit(ready, "posts", 100_000)
    path = tmp_path / "posts.jsonl"
    sizes = {f"n{number}": 200_000 if number == 40 else 300 for number in range(100)}
    path.write_bytes(b"\n".join(line(id, size) for id, size in sizes.items()))
    for id, size in sizes.items():
        expect(ledger, id, size)
    ran = flagpost("ingest", str(path))
    assert ran.code == NotSetUp.exit_code
    assert "flagpost setup" in ran.err
    assert flagpost("setup").code == 0
    assert flagpost("ingest", str(path)).code == 0
    ids = [json.loads(record.value)["id"] for record in ledger._read("posts")]
    assert set(ids) == set(sizes)
    ledger.records = len(ids)  # what was not acknowledged may have been sent twice
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "[posts] takes too little", fired=ran.err.count("flagpost setup"))


@pytest.mark.slow
def test_flagged_that_takes_too_little_halts_classify_until_setup_has_run(
    ready: Settings, flagpost: Flagpost, fault: Fault
) -> None:
    ledger = Ledger(ready)
    limit(ready, "flagged", 4000)  # one item is smaller, a batch of them is not
    for number in range(60):
        ledger.post(f"n{number}", f"{HELP} {number}")
    ledger.flush()
    with WorkerProcesses(ready) as workers:
        wait_for(lambda: "stage halted" in workers.log("classify"), "classify halts")
        assert [record.value for record in ledger._read("dead-letters")] == []
        assert flagpost("setup").code == 0
        fault.survived(ready, ledger, "[flagged] takes too little", workers.log("classify").count("stage halted"))
    assert len(ledger.documents()) == 60


def limit(settings: Settings, topic: str, most: int) -> None:
    """Lets ``topic`` take records of at most ``most`` bytes, as an administrator might."""
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    config = {"max.message.bytes": str(most)}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.named(topic), config)])
    admin.close()
