"""Workers that come and go, repeats, and more than can be done at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from kafka import KafkaAdminClient

from pipeline.settings import Settings
from tests.faults.streams import Stream, send
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

SECONDS = 120
EVERY = 5
"""Seconds in which each group is rebalanced once, on average of the two."""
BURST = 6000


@pytest.mark.slow
def test_rebalances_without_end_lose_nothing(ready: Settings, fault: Fault) -> None:
    """A second worker of each stage joins and leaves as fast as it starts and stops."""
    ledger = Ledger(ready)
    with WorkerProcesses(ready) as first, ThreadPoolExecutor() as both:
        first.wait_until_up()
        with Stream(ledger, rate=80):
            until = time.monotonic() + SECONDS
            rebalances = list(both.map(lambda stage: come_and_go(ready, stage, until), ("classify", "index")))
        assert sum(rebalances) >= 2 * SECONDS / EVERY, f"they came and went too slowly: {rebalances}"
        fault.survived(ready, ledger, "a second worker of each stage comes and goes", sum(rebalances))


def come_and_go(settings: Settings, stage: str, until: float) -> int:
    """Lets a second worker of ``stage`` join and leave until the monotonic clock says ``until``; counts the rebalances."""
    rebalances = 0
    while time.monotonic() < until:
        with WorkerProcesses(settings, stage):
            wait_for(lambda: members(settings, stage) == 2, f"a second {stage} worker has joined")
        wait_for(lambda: members(settings, stage) == 1, f"the second {stage} worker has left")
        rebalances += 2
    return rebalances


def members(settings: Settings, stage: str) -> int:
    """How many members the group of ``stage`` has, once they have agreed who does what; else 0."""
    group = settings.named(f"flagpost-{stage}")
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        found = admin.describe_groups([group])[group]
    finally:
        admin.close()
    return len(found["members"]) if found["group_state"] == "Stable" else 0


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
