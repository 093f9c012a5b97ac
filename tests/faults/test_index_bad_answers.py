"""A real index worker between Kafka and Elasticsearch, with a server between them that misbehaves by a script."""

from __future__ import annotations

import time

import pytest

from pipeline.settings import Settings
from tests.doubles.bulk_faults import HANGS, QUICK_FAULTS
from tests.doubles.faulty_elasticsearch import BadAnswer, FaultyElasticsearch, forward
from tests.faults.items_sent import ItemsSent
from tests.faults.table import Fault
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

ITEMS = 60


def test_no_bad_answer_to_a_bulk_loses_or_doubles_an_item(ready: Settings, fault: Fault) -> None:
    between_kafka_and_elasticsearch(ready, fault, QUICK_FAULTS, times=3)


@pytest.mark.slow
def test_no_silence_loses_or_doubles_an_item(ready: Settings, fault: Fault) -> None:
    """Takes the client's whole patience of 30 s each time."""
    between_kafka_and_elasticsearch(ready, fault, HANGS, times=1)


def between_kafka_and_elasticsearch(ready: Settings, fault: Fault, answers: tuple[BadAnswer, ...], times: int) -> None:
    sent = ItemsSent(ready)
    with FaultyElasticsearch(forward(ready.elasticsearch())) as server:
        behind_it = ready.model_copy(update={"elasticsearch_url": server.url})
        with WorkerProcesses(behind_it, "index") as workers:
            workers.wait_until_up()
            for answer in answers:
                server.script([answer] * times)
                for number in range(ITEMS):
                    sent.item(f"{answer.name} {number}", f"{answer.name}, item {number}")
                sent.flush()
                wait_for(lambda: server.left == 0, f"{answer.name} was met {times} times")
                met = time.monotonic()
                fired = server.fired[answer.name]
                fault.survived(ready, sent, f"bulk answered: {answer.name}", fired, since=met)
                assert fired == times
