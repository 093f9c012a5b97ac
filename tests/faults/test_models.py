"""Released models that must not judge: the worker that gets one refuses it and says so, and the old one goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.settings import Settings
from tests.faults.broken_models import altered, not_a_number, swapped
from tests.faults.streams import send
from tests.faults.table import Fault
from tests.ledger import Ledger
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

SAID = {altered: "was altered", not_a_number: "not a number", swapped: "is not what was released"}


@pytest.mark.parametrize(
    "broken",
    [pytest.param(altered, marks=pytest.mark.slow), pytest.param(not_a_number, marks=pytest.mark.slow), swapped],
)
def test_a_model_that_must_not_judge_is_refused_and_the_old_one_goes_on(
    ready: Settings, fault: Fault, tmp_path: Path, broken: Callable[[Path, Path], Path]
) -> None:
    ledger = Ledger(ready)
    other = ready.model_copy(update={"home": tmp_path / "other"})
    model = str(broken(ready.model, tmp_path / "broken"))
    with WorkerProcesses(ready) as old:
        old.wait_until_up()
        send(ledger, 100)
        with WorkerProcesses(other, "classify", FLAGPOST_MODEL=model) as new:
            wait_for(
                lambda: SAID[broken] in new.log("classify"), lambda: f"the model is refused; {new.log('classify')}"
            )
            send(ledger, 200, first=100)
            wait_for(lambda: len(ledger.outcomes()) == ledger.records, "the old model judges beside the refused one")
            refusals = new.ends("halted")
        name = f"a released model that is {broken.__name__.replace('_', ' ')}"
        fault.survived(ready, ledger, name, refusals)
        assert "stage started" not in new.log("classify")
