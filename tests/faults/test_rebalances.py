"""Workers that come and go, repeats, and more than can be done at once."""

from __future__ import annotations

import time

import pytest

from pipeline.settings import Settings
from tests.faults.streams import Stream, send
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.worker_processes import WorkerProcesses

REBALANCING = "because it is rebalancing"
"""What aiokafka logs when a member learns of a rebalance."""

SECONDS = 120
BURST = 6000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_rebalance_every_five_seconds_loses_nothing(ready: Settings, fault: Fault) -> None:
    ledger = Ledger(ready)
    with WorkerProcesses(ready) as first:
        first.wait_until_up()
        with Stream(ledger, rate=80):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                began = time.monotonic()
                with WorkerProcesses(ready, "classify", "index") as second:
                    second.wait_until_up()
                    time.sleep(max(0.0, began + 5 - time.monotonic()))  # the rhythm is the fault
        rebalances = first.says("classify", REBALANCING) + first.says("index", REBALANCING)
        fault.survived(ready, ledger, "a second worker of each stage comes and goes", rebalances, timeout=120)


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
