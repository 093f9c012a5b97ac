"""What the index stage reads of `[alerts]` on a real Kafka: what was committed, and to its end."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from pipeline.workers import workers
from schemas.mapping import ALERTS
from tests.found import hits
from tests.notices import alert
from tests.paging import Written
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration


def health(settings: Settings) -> dict[str, Any]:
    (worker,) = workers(settings.home)
    with urllib.request.urlopen(f"{worker.url}/healthz", timeout=PATIENCE) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def sequences(settings: Settings) -> list[int]:
    return [hit["_source"]["flagpost"]["alert"]["sequence"] for hit in hits(settings, ALERTS.alias)]


def test_what_was_taken_back_is_never_indexed_and_the_end_of_a_transaction_is_no_message_to_do(ready: Settings) -> None:
    written = Written(ready)
    written.put(alert(id="a" * 16), taken_back=True)
    written.put(alert(id="b" * 16))
    with WorkerProcesses(ready, "index") as running:
        running.wait_until_up()
        wait_for(lambda: hits(ready, ALERTS.alias), lambda: f"the alert is indexed; {running.log('index')}")
        assert [hit["_id"] for hit in hits(ready, ALERTS.alias)] == ["b" * 16]
        wait_for(lambda: health(ready)["lag"] == 0, "there is nothing left to do")
    with WorkerProcesses(ready, "index") as running:
        running.wait_until_up()
        wait_for(lambda: health(ready)["lag"] == 0, "nor is there for the worker after it")


def test_what_is_done_is_committed_at_once_however_many_transactions_it_was_written_in(ready: Settings) -> None:
    written = Written(ready)
    with WorkerProcesses(ready, "index") as running:
        running.wait_until_up()
        for number in range(1, 101):
            written.put(alert(sequence=number))
        wait_for(lambda: sequences(ready) == [100], lambda: f"all of it is indexed; {running.log('index')}")
        with OffsetReader(ready) as offsets:
            group, topic = ready.named("flagpost-index"), ready.named("alerts")
            wait_for(
                lambda: offsets.committed([group])[group].get(topic, {}).get(0, 0) >= 199, "all of it is committed"
            )
