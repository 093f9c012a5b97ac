"""Workers killed at random moments of their work, and workers asked to end in the middle of a batch."""

from __future__ import annotations

import json
import random
import signal
import time

import psutil
import pytest

from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from tests.faults.streams import Stream
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

RATE = 60.0
TIMES = 20


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_workers_killed_at_random_moments_of_their_work_lose_nothing(ready: Settings, fault: Fault) -> None:
    """Both are killed in each round, and only once both have done something since the round before."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ledger = Ledger(ready)
    killed: dict[str, list[int]] = {"classify": [], "index": []}
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        with Stream(ledger, RATE):
            for _ in range(TIMES):
                before = done(ready)
                wait_for(
                    lambda before=before: all(now > then for now, then in zip(done(ready), before, strict=True)),
                    lambda: f"both stages do something; {workers.log('classify')} {workers.log('index')}",
                )
                for stage in chance.sample(sorted(killed), 2):
                    time.sleep(chance.uniform(0, 1))  # not to wait for something: the moment itself is what is drawn
                    if workers.pid_of(stage):
                        killed[stage].append(workers.kill(stage))
        pids = [pid for one in killed.values() for pid in one]
        wait_for(lambda: workers.ends("killed by signal 9") == len(pids) == len(set(pids)), "all were killed")
        fault.survived(ready, ledger, f"SIGKILL of both workers, seed {seed}", len(pids))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_worker_asked_to_end_in_a_batch_ends_within_ten_seconds_and_loses_nothing(
    ready: Settings, fault: Fault
) -> None:
    ledger = Ledger(ready)
    seconds: dict[str, list[float]] = {"classify": [], "index": []}
    asked: set[int] = set()
    with WorkerProcesses(ready) as workers:
        workers.wait_until_up()
        with Stream(ledger, RATE):
            for _ in range(TIMES):
                for stage, ends in seconds.items():
                    wait_for(
                        lambda stage=stage: in_work(ready, stage) and workers.pid_of(stage) not in (None, *asked),
                        lambda stage=stage: f"{stage} has a batch; {workers.log(stage)}",
                    )
                    process = psutil.Process(workers.pid_of(stage))
                    asked.add(process.pid)
                    began = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                    process.wait(30)
                    ends.append(time.monotonic() - began)
        slowest = ", ".join(f"{stage} {max(ends):.1f} s" for stage, ends in seconds.items())
        fault.survived(ready, ledger, f"SIGTERM in a batch (slowest end: {slowest})", len(asked))
    assert len(asked) == 2 * TIMES
    assert max(max(ends) for ends in seconds.values()) <= 10


def done(settings: Settings) -> tuple[int, int]:
    """Records of `[outcomes]`, and how far index has committed."""
    with OffsetReader(settings) as reader:
        outcomes = reader.offsets([settings.named("outcomes")])[settings.named("outcomes")].end
        group = settings.named("flagpost-index")
        stored = reader.committed([group])[group].get(settings.named("flagged"), {})
    return sum(outcomes.values()), sum(stored.values())


def in_work(settings: Settings, stage: str) -> int:
    """Messages of the batch that ``stage`` says it is handling."""
    try:
        return len(json.loads((settings.home / "journal" / f"{stage}-0.json").read_text())["in_work"])
    except (FileNotFoundError, ValueError):
        return 0
