"""The page worker killed while it pages: no page is lost, and none counts twice for who knows pages by their id."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaProducer

from deploy.demo.receiver import Receiver, new_key
from pipeline.settings import Settings
from tests.faults.table import Fault
from tests.ledger import Balance
from tests.worker_processes import WorkerProcesses, wait_for

RULES = """
version: 1
channels:
  pager:
    type: webhook
    url: {env: PAGER_URL}
    secret: {env: PAGER_KEY}
    allow_private: true
people:
  r.hughes: {channels: {pager: ""}}
rules:
  - name: danger
    when: {grades: [immediate]}
    severity: critical
    to: [r.hughes]
    group_wait_seconds: 0
    repeat_minutes: 60
    most_an_hour: 5000
"""

KILLS = 8
AT_ONCE = 15


@contextmanager
def paging(settings: Settings, folder: Path) -> Iterator[tuple[Receiver, WorkerProcesses]]:
    """A receiver, and a page worker whose rules page it."""
    rules = folder / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    key = new_key()
    with (
        Receiver(key) as receiver,
        WorkerProcesses(settings, "page", FLAGPOST_RULES=str(rules), PAGER_URL=receiver.url, PAGER_KEY=key) as workers,
    ):
        workers.wait_until_up()
        yield receiver, workers


class Candidates:
    """Sends candidates as the alert stage would, each of a story of its own."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.named("alert-candidates")
        self._producer = KafkaProducer(bootstrap_servers=settings.bootstrap(), acks="all")
        self.sent: list[bytes] = []

    def send(self, number: int) -> None:
        now = dt.datetime.now(dt.UTC).isoformat()
        for _ in range(number):
            place = f"Mill Lane {len(self.sent)}"
            excerpt = {"label": "help_request", "grade": "immediate", "score": 0.9, "text": place, "posted_at": now}
            body = {
                "type": "matched",
                "source": "x",
                "id": str(len(self.sent)),
                "version": 1 + len(self.sent),
                "revision": now,
                "matches": [{"rule": "danger", "severity": "critical", "group": place}],
                "excerpt": {**excerpt, "place": place},
            }
            self.sent.append(json.dumps(body).encode())
            self._producer.send(self._topic, key=f"x:{body['id']}".encode(), value=self.sent[-1])
        self._producer.flush(20)

    def again(self) -> None:
        """All of them once more, as after a rewind."""
        for value in self.sent:
            self._producer.send(self._topic, key=b"x", value=value)
        self._producer.flush(20)


def opened(receiver: Receiver) -> set[str]:
    """Alerts whose first page was taken."""
    return {one.body["data"]["alert"] for one in receiver.taken.values() if one.body["type"] == "alert.opened"}


def balance(receiver: Receiver, candidates: Candidates) -> Balance:
    """Every candidate is one alert, and every alert one page that opens it."""
    alerts = opened(receiver)
    pages = [one for one in receiver.taken.values() if one.body["type"] == "alert.opened"]
    wanted = len(candidates.sent)
    return Balance(
        sent=wanted,
        lost=wanted - len(alerts),
        duplicated=len(pages) - len(alerts),
        repeats={"pages": receiver.repeats},
        differences=[] if receiver.forged == 0 else ["a signature did not verify"],
    )


def test_the_page_worker_is_killed_at_random_moments(ready: Settings, tmp_path: Path, fault: Fault) -> None:
    chance = random.Random(5)
    candidates = Candidates(ready)
    with paging(ready, tmp_path) as (receiver, workers):
        for _ in range(KILLS):
            before = len(opened(receiver))
            candidates.send(AT_ONCE)
            wait_for(lambda before=before: len(opened(receiver)) > before, 60, f"a page; {workers.log('page')}")
            time.sleep(chance.uniform(0, 0.3))  # a random moment is what is tried
            workers.kill("page")
            workers.wait_until_up()
        ended = time.monotonic()
        wait_for(
            lambda: len(opened(receiver)) == len(candidates.sent),
            90,
            f"every page; {len(opened(receiver))} of {len(candidates.sent)}; {workers.log('page')}",
        )
        found = balance(receiver, candidates)
        fault.add("page worker: SIGKILL at random moments (pages)", KILLS, found, time.monotonic() - ended)
        assert (found.lost, found.duplicated, found.differences) == (0, 0, [])


def test_what_is_paged_is_not_paged_again_when_its_topic_is_rewound(ready: Settings, tmp_path: Path) -> None:
    candidates = Candidates(ready)
    with paging(ready, tmp_path) as (receiver, workers):
        candidates.send(AT_ONCE)
        wait_for(lambda: len(opened(receiver)) == AT_ONCE, 60, f"every page; {workers.log('page')}")
        workers.kill("page")
        workers.wait_until_up()
        candidates.again()
        candidates.send(1)  # what comes behind the repeats is paged: they have been passed
        wait_for(lambda: len(opened(receiver)) == AT_ONCE + 1, 60, f"the last page; {workers.log('page')}")
        assert len(receiver.taken) == AT_ONCE + 1
