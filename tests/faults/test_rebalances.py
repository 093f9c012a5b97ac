"""Workers that come and go, repeats, and more than can be done at once."""

from __future__ import annotations

import time

import pytest
from kafka import KafkaAdminClient

from pipeline.settings import Settings
from tests.faults.streams import Stream, send
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.worker_processes import WorkerProcesses, wait_for

SECONDS = 120
BURST = 6000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_rebalances_without_end_lose_nothing(ready: Settings, fault: Fault) -> None:
    """A second worker of each stage joins and leaves as fast as it starts and stops: a rebalance every few seconds."""
    ledger = Ledger(ready)
    rebalances = 0
    with WorkerProcesses(ready) as first:
        first.wait_until_up()
        with Stream(ledger, rate=80):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                with WorkerProcesses(ready, "classify", "index"):
                    wait_for(lambda: members(ready) == [2, 2], 60, "second members joined both groups")
                wait_for(lambda: members(ready) == [1, 1], 60, "they left")
                rebalances += 2
        assert rebalances >= SECONDS / 10, "they came and went too slowly"
        fault.survived(ready, ledger, "a second worker of each stage comes and goes", rebalances, timeout=120)


def members(settings: Settings) -> list[int]:
    """How many members the groups of classify and of index have, once they have agreed who does what; else 0."""
    groups = [settings.named(f"flagpost-{stage}") for stage in ("classify", "index")]
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        found = admin.describe_groups(groups)
    finally:
        admin.close()
    return [len(found[one]["members"]) if found[one]["group_state"] == "Stable" else 0 for one in groups]


def test_every_record_three_times_leaves_one_document_each(ready: Settings, fault: Fault) -> None:
    ledger = Ledger(ready)
    send(ledger, 300, times=3)
    send(ledger, 100, times=3, edited_at="2026-08-15T12:00:00Z")
    for number in range(0, 300, 10):
        ledger.delete(f"n{number}", times=3)
    ledger.flush()
    with WorkerProcesses(ready):
        fault.survived(ready, ledger, "every record three times", ledger.records * 2 // 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_burst_of_ten_times_the_capacity_is_worked_off(ready: Settings, fault: Fault) -> None:
    ledger = Ledger(ready)
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        began = time.monotonic()
        send(ledger, BURST)
        sent = time.monotonic()
        fault.survived(ready, ledger, "a burst of ten times the capacity", 1, timeout=600)
        worked_off = time.monotonic()
    assert worked_off - began >= 10 * (sent - began), "it was no burst"
