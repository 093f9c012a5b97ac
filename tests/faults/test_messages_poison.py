"""A topic that is all poison: the stage pauses and says so, touches nothing behind, goes on when it is resumed, and every
bad message ends as a dead letter, byte by byte."""

from __future__ import annotations

import random
from collections.abc import Callable

from pipeline.settings import Settings
from pipeline.status import gather
from pipeline.workers import workers as living
from tests.doubles.manual_clock import START
from tests.faults.items_sent import ItemsSent
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.servers import Flagpost
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

HELP = "please help, a man with a knife is trying to get into my house right now, send police"
BATCH = {"FLAGPOST_CLASSIFY_BATCH": "100", "FLAGPOST_INDEX_BATCH": "100"}
POISONED = 400
GOOD = 30


def poison(seed: int) -> list[bytes]:
    """Bytes of all sorts that are no record, each other than the rest."""
    chance = random.Random(seed)
    return [b"\x00\xff%d\n{" % number + chance.randbytes(chance.randrange(200)) for number in range(POISONED)]


def test_classify_pauses_before_a_topic_of_poison_and_goes_on(
    ready: Settings, flagpost: Flagpost, fault: Fault
) -> None:
    ledger = Ledger(ready)
    for number, value in enumerate(poison(1)):
        ledger.bad(value, key=f"k{number}")
    for number in range(GOOD):
        ledger.post(f"n{number}", HELP)
    ledger.flush()
    with WorkerProcesses(ready, **BATCH):
        pauses = resume_until_done(ready, flagpost, "classify", lambda: len(ledger.outcomes()))
        fault.survived(ready, ledger, "poison on [posts], pauses", fired=pauses)
        assert pauses >= 2


def test_index_pauses_before_a_topic_of_poison_and_goes_on(ready: Settings, flagpost: Flagpost, fault: Fault) -> None:
    sent = ItemsSent(ready)
    for number, value in enumerate(poison(2)):
        sent.bad(value, key=f"k{number}")
    for number in range(GOOD):
        sent.item(f"n{number}", f"item {number}")
    sent.flush()
    with WorkerProcesses(ready, "index", **BATCH):
        pauses = resume_until_done(ready, flagpost, "index", lambda: len(sent.letters()) + sent.stored())
        fault.survived(ready, sent, "poison on [flagged], pauses", fired=pauses)
        assert pauses >= 2


def resume_until_done(settings: Settings, flagpost: Flagpost, stage: str, done: Callable[[], int]) -> int:
    """Resumes ``stage`` whenever it pauses, until ``done()`` counts everything; returns how often that was."""
    pauses = 0
    while True:
        wait_for(lambda: is_paused(settings, stage) or done() == POISONED + GOOD, f"{stage} pauses or is done")
        if not is_paused(settings, stage):
            return pauses
        pauses += 1
        wait_for(lambda: health_of(settings, stage) == "paused", "health says that it is paused")
        at_the_pause = done()
        status = flagpost("status")
        assert f"PAUSED        {stage}: " in status.out
        assert done() == at_the_pause, "nothing behind is touched"
        assert pauses > 1 or at_the_pause < POISONED + GOOD
        assert flagpost("worker", "resume", stage).out == f"{stage} goes on.\n"


def is_paused(settings: Settings, stage: str) -> bool:
    return any(pause.stage == stage for pause in gather(settings, START).paused)


def health_of(settings: Settings, stage: str) -> str | None:
    return next((worker.state for worker in living(settings.home) if worker.stage == stage), None)
