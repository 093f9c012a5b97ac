"""Workers that stand still for longer than their session and wake up when others have done their work, and newer work."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pipeline.settings import Settings
from tests.faults.crashes import Injected
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

HELP = "please help, a man with a knife is trying to get into my house right now, send police"
POSTS = 60


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "where"), [("classify", "stopped before inference"), ("index", "stopped before bulk")]
)
def test_a_worker_that_wakes_up_with_an_old_batch_overwrites_nothing_newer(
    ready: Settings, fault: Fault, tmp_path: Path, stage: str, where: str
) -> None:
    injected = Injected(where, tmp_path)
    ledger = Ledger(ready)
    with WorkerProcesses(ready, "classify", "index", **injected.environment) as workers:
        workers.wait_until_up()
        for number in range(POSTS):
            ledger.post(f"n{number}", f"{HELP} {number}")
        ledger.flush()
        wait_for(lambda: injected.fired, f"a worker {where} holds old wordings")
        zombie = workers.pid_of(stage)
        assert zombie
        for number in range(POSTS):
            ledger.post(f"n{number}", f"{HELP} {number}, he is inside", edited_at="2026-08-15T10:05:00Z")
        ledger.flush()
        with WorkerProcesses(ready, stage):
            wait_for(lambda: newest(ledger) == POSTS, "another worker has stored the edits")
            os.kill(zombie, signal.SIGCONT)
            wait_for(lambda: injected.woke, "the worker woke up and went on with its old batch")
            fault.survived(ready, ledger, f"{stage} {where} for longer than its session", injected.fired)


def newest(ledger: Ledger) -> int:
    return sum(document["message"].endswith("inside") for document in ledger.documents().values())
