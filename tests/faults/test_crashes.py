"""Workers that die at named places of their work, or meet an exception there. Each place is passed by real workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.settings import Settings
from tests.faults.crashes import Injected
from tests.faults.items_sent import ItemsSent
from tests.faults.streams import send
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

POSTS = 200
SMALL = {"FLAGPOST_CLASSIFY_BATCH": "32", "FLAGPOST_INDEX_BATCH": "32"}
TINY = {"FLAGPOST_CLASSIFY_BATCH": "2", "FLAGPOST_INDEX_BATCH": "1"}
"""So that there are hundreds of batches."""

# Places in classify and in index, and which of their passages kills: one in the middle of the work.
PLACES = [
    pytest.param(("after decode", 40), ("mid-bulk", 1), marks=pytest.mark.slow),
    pytest.param(("after inference", 3), ("mid-bulk", 3)),
    pytest.param(("after produce", 3), ("after bulk", 1), marks=pytest.mark.slow),
    pytest.param(("after outcomes", 3), ("after bulk", 3), marks=pytest.mark.slow),
    pytest.param(("after dead letter", 1), None, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("in_classify", "in_index"), PLACES)
def test_workers_killed_at_named_places_lose_nothing(
    ready: Settings, fault: Fault, tmp_path: Path, in_classify: tuple[str, int], in_index: tuple[str, int] | None
) -> None:
    faults = {"classify": Injected(in_classify[0], tmp_path, in_classify[1])}
    if in_index:
        faults["index"] = Injected(in_index[0], tmp_path, in_index[1])
    ledger = Ledger(ready)
    send(ledger, POSTS)
    ledger.bad(b'{"type": "post", "torn')
    ledger.flush()
    environments = {stage: injected.environment for stage, injected in faults.items()}
    with (
        WorkerProcesses(ready, "classify", **SMALL, **environments["classify"]) as workers,
        WorkerProcesses(ready, "index", **SMALL, **environments.get("index", {})),
    ):
        for injected in faults.values():
            wait_for(lambda injected=injected: injected.fired, f"a worker died {injected.fault}")
        name = f"SIGKILL {' and '.join(injected.fault for injected in faults.values())}"
        fault.survived(ready, ledger, name, sum(injected.fired for injected in faults.values()))
        assert workers.ends("killed by signal 9") == len(faults), "both supervisors saw it"


def test_an_index_worker_killed_after_a_dead_letter_loses_nothing(
    ready: Settings, fault: Fault, tmp_path: Path
) -> None:
    """What nobody can use comes to `[flagged]` from elsewhere alone: classify's own items are good."""
    injected = Injected("after dead letter", tmp_path)
    sent = ItemsSent(ready)
    for number in range(POSTS):
        sent.item(str(number), f"item {number}")
        if number == POSTS // 2:
            sent.bad(b'{"type": "item", "torn', key="x:torn")
    sent.flush()
    with WorkerProcesses(ready, "index", **SMALL, **injected.environment) as workers:
        wait_for(lambda: injected.fired, f"the worker died {injected.fault}")
        fault.survived(ready, sent, f"SIGKILL {injected.fault} in index", injected.fired)
        assert workers.ends("killed by signal 9") == 1


@pytest.mark.slow
@pytest.mark.parametrize("where", ["exception in inference", "exception in bulk"])
def test_an_exception_in_one_of_a_hundred_batches_loses_nothing(
    ready: Settings, fault: Fault, tmp_path: Path, where: str
) -> None:
    injected = Injected(where, tmp_path, every=100, times=2)
    ledger = Ledger(ready)
    send(ledger, 3 * POSTS)
    with WorkerProcesses(ready, **TINY, **injected.environment) as workers:
        wait_for(lambda: injected.fired == 2, f"two of {injected.passed} batches met an {where}")
        fault.survived(ready, ledger, f"{where}, 1 % of batches", injected.fired)
        assert workers.ends("an unexpected fault") == injected.fired
