"""What is done to the page worker, to Kafka and to whom it pages: no page is lost, and none counts twice for whoever tells
repeats by their id.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.structs import OffsetAndMetadata, TopicPartition

from deploy.demo.receiver import Receiver, new_key
from deploy.local.stack import Stack
from pipeline.done import wait_until_done
from pipeline.settings import Settings
from schemas import codec
from tests.doubles.webhook_receiver import HANG_AFTER_TAKING, Answer, WebhookReceiver
from tests.faults.crashes import Injected
from tests.faults.pages import PageLedger, PageStream
from tests.faults.table import Fault
from tests.messages import item, post
from tests.paging import alerts, paged_to, settled
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

TIMES = 20
ITEMS = 40
RATE = 15.0


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
def ledger(ready: Settings, receiver: WebhookReceiver) -> PageLedger:
    return PageLedger(ready, receiver)


def survived(fault: Fault, ledger: PageLedger, name: str, fired: int, since: float | None = None) -> None:
    """Waits until all is paged, compares, and adds a row."""
    began = time.monotonic() if since is None else since
    ledger.wait(lambda: name)
    recovery = time.monotonic() - began
    wait_for(lambda: settled(ledger.settings), "every page has an end")
    assert fired > 0, f"{name} did not fire"
    balance = ledger.balance()
    fault.add(name, fired, balance, recovery)
    assert balance.differences == [], f"{name}: {balance.differences}"
    assert balance.lost == balance.duplicated == 0, name


@pytest.mark.parametrize(
    ("where", "every"),
    [
        pytest.param("while alerts are read", 1, marks=pytest.mark.slow),
        pytest.param("in a transaction", 4, marks=pytest.mark.slow),
        ("after alerts", 2),
        pytest.param("after intent", 7, marks=pytest.mark.slow),
        ("after send", 7),
    ],
)
def test_a_page_worker_killed_at_a_named_place_loses_no_page(
    ready: Settings, fault: Fault, ledger: PageLedger, tmp_path: Path, where: str, every: int
) -> None:
    injected = Injected(where, tmp_path, every, times=2)
    environment = {**paged_to(ledger.receiver, tmp_path), **injected.environment}
    with WorkerProcesses(ready, "page", **environment) as workers:
        workers.wait_until_up()
        for _ in range(4):
            ledger.send(ITEMS // 4)
            ledger.wait(lambda: workers.log("page"))
        wait_for(lambda: workers.ends("killed by signal 9") == injected.fired == 2, f"it died twice {where}")
        survived(fault, ledger, f"page: SIGKILL {where}", injected.fired)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_page_worker_killed_at_random_moments_loses_no_page(
    ready: Settings, fault: Fault, ledger: PageLedger, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    with WorkerProcesses(ready, "page", **paged_to(ledger.receiver, tmp_path)) as workers:
        workers.wait_until_up()
        with PageStream(ledger, RATE):
            for _ in range(TIMES):
                before = len(ledger.opened())
                wait_for(
                    lambda before=before: len(ledger.opened()) > before, lambda: f"it pages; {workers.log('page')}"
                )
                time.sleep(chance.uniform(0, 1))  # not to wait for something: the moment itself is what is drawn
                workers.kill("page")
                workers.wait_until_up()
        wait_for(lambda: workers.ends("killed by signal 9") == TIMES, "all were killed")
        survived(fault, ledger, f"page: SIGKILL at random moments, seed {seed}", TIMES)


@pytest.mark.slow
def test_a_second_page_worker_that_comes_and_goes_loses_no_page(
    ready: Settings, fault: Fault, ledger: PageLedger, tmp_path: Path
) -> None:
    environment = paged_to(ledger.receiver, tmp_path)
    rebalances = 0
    with WorkerProcesses(ready, "page", **environment) as workers:
        workers.wait_until_up()
        with PageStream(ledger, RATE):
            for _ in range(5):
                with WorkerProcesses(ready, "page", **environment):
                    wait_for(lambda: members(ready) == 2, "a second member joined")
                wait_for(lambda: members(ready) == 1, "it left")
                rebalances += 2
        survived(fault, ledger, "page: a second worker comes and goes", rebalances)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["stopped before alerts", "stopped after send"])
def test_a_page_worker_that_wakes_up_after_another_took_over_writes_nothing(
    ready: Settings, fault: Fault, ledger: PageLedger, tmp_path: Path, where: str
) -> None:
    injected = Injected(where, tmp_path, every=3)
    environment = paged_to(ledger.receiver, tmp_path)
    with WorkerProcesses(ready, "page", **environment, **injected.environment) as workers:
        workers.wait_until_up()
        zombie = workers.pid_of("page")
        assert zombie
        for _ in range(4):
            ledger.send(ITEMS // 4)
        wait_for(lambda: injected.fired, f"it is {where}")
        with WorkerProcesses(ready, "page", **environment) as others:
            ledger.wait(lambda: others.log("page"))
            wait_for(lambda: settled(ledger.settings), "the other one has written every end")
            before = written(ready)
            os.kill(zombie, signal.SIGCONT)
            wait_for(lambda: injected.woke, "it woke up")
            wait_for(lambda: workers.says("page", "another page worker has taken over"), "it is fenced out")
            wait_for(lambda: workers.pid_of("page") not in (None, zombie), "and it is started again")
            assert written(ready) == before, "it wrote nothing"
            ledger.send(5)
            survived(fault, ledger, f"page: {where} for longer than its session", injected.fired)


def written(settings: Settings) -> dict[str, int]:
    """Alert → how often it was written."""
    return {uid: alert.sequence for uid, alert in alerts(settings).items()}


@pytest.mark.parametrize("seconds", [0, pytest.param(60, marks=pytest.mark.slow)])
def test_kafka_restarted_under_the_page_worker_loses_no_page(
    ready: Settings, fault: Fault, ledger: PageLedger, stack: Stack, tmp_path: Path, seconds: int
) -> None:
    with WorkerProcesses(ready, "page", **paged_to(ledger.receiver, tmp_path)) as workers:
        workers.wait_until_up()
        ledger.send(ITEMS)
        wait_for(lambda: ledger.opened(), lambda: f"it pages; {workers.log('page')}")
        stack.kill(only="kafka")
        time.sleep(seconds)  # so long it is away
        stack.up(only="kafka")
        back_at = time.monotonic()
        ledger.reconnect()
        ledger.send(ITEMS)
        survived(fault, ledger, f"page: Kafka killed and {seconds} s away", 1, since=back_at)


def test_a_receiver_that_fails_hangs_and_is_away_gets_every_page_in_the_end(
    ready: Settings, fault: Fault, ledger: PageLedger, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    receiver.script(*[Answer(503)] * 8, HANG_AFTER_TAKING, *[Answer(429, {"Retry-After": "2"})] * 4)
    with WorkerProcesses(ready, "page", **paged_to(receiver, tmp_path, repeat=0.1)) as workers:
        workers.wait_until_up()
        ledger.send(12)
        survived(fault, ledger, "page: a receiver that fails, hangs and asks for time", 13)


def test_a_receiver_that_is_away_gets_every_page_when_it_is_back(ready: Settings, fault: Fault, tmp_path: Path) -> None:
    key = new_key()
    with Receiver(key) as before:
        port = int(before.url.split(":")[2].split("/")[0])
        environment = paged_to(before, tmp_path, repeat=0.1)
    ledger = PageLedger(ready, before)
    with WorkerProcesses(ready, "page", **environment) as workers:
        workers.wait_until_up()
        ledger.send(12)
        wait_for(lambda: workers.says("page", "page not delivered") >= 20, "tries fail")
        with Receiver(key, port=port) as receiver:
            ledger.receiver = receiver
            survived(fault, ledger, "page: a receiver that is away", workers.says("page", "page not delivered"))


def test_a_replay_of_everything_pages_nobody(
    ready: Settings, fault: Fault, ledger: PageLedger, receiver: WebhookReceiver, tmp_path: Path
) -> None:
    """Of `[flagged]`, which is where the alert worker begins, and of `[alert-candidates]` by itself."""
    environment = paged_to(receiver, tmp_path)
    flagged = KafkaProducer(bootstrap_servers=ready.bootstrap(), acks="all")
    now = dt.datetime.now(dt.UTC)
    for number in range(ITEMS):
        one = item(post=post(f"f{number}", story(number), created_at=now))
        flagged.send(ready.named("flagged"), codec.encode(one), key=one.uid.encode())
    flagged.flush(30)
    with WorkerProcesses(ready, "alert", "page", **environment) as workers:
        workers.wait_until_up()
        wait_for(lambda: len(ledger.opened()) == ITEMS, lambda: f"every item is paged; {workers.log('page')}")
        wait_for(lambda: settled(ledger.settings), "every page has an end")
    before = len(receiver.arrivals), written(ready)
    for stage, topic in (("alert", "flagged"), ("page", "alert-candidates")):
        rewind(ready, stage, topic)
        with WorkerProcesses(ready, "alert", "page", **environment) as workers:
            workers.wait_until_up()
            wait_until_done(ready, timeout=PATIENCE, stages=("alert", "page"))
        assert (len(receiver.arrivals), written(ready)) == before, stage
    balance = dataclasses.replace(ledger.balance(), sent=ITEMS)
    fault.add("page: a replay of [flagged] and one of [alert-candidates]", 2, balance, 0.0)
    assert balance.duplicated == 0


def story(number: int) -> str:
    """Words like no other number's."""
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return " ".join(digest[at : at + 6] for at in range(0, 60, 6))


def members(settings: Settings) -> int:
    """How many members the group of page workers has, once they have agreed who does what; else 0."""
    group = settings.named("flagpost-page")
    with admin(settings) as client:
        found = client.describe_groups([group])[group]
    return len(found["members"]) if found["group_state"] == "Stable" else 0


def rewind(settings: Settings, stage: str, topic: str) -> None:
    """Lets a stage that does not run begin at the first record of ``topic`` again."""
    with admin(settings) as client:
        described = client.describe_topics([settings.named(topic)])[0]
        places = [TopicPartition(settings.named(topic), one["partition_index"]) for one in described["partitions"]]
        group = settings.named(f"flagpost-{stage}")
        done: Callable[[], bool] = lambda: all(  # noqa: E731
            error.__name__ == "NoError"
            for error in client.alter_group_offsets(group, dict.fromkeys(places, OffsetAndMetadata(0, "", -1))).values()
        )
        wait_for(done, "nobody is in the group any more")


@contextlib.contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        yield client
    finally:
        client.close()
