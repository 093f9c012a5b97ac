"""Analysts' decisions: whatever happens to workers, none is lost, each has one number, no replay takes one back."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata

from pipeline.done import wait_until_done
from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from tests.faults.crashes import Injected
from tests.faults.decisions_sent import FIRST, DecisionsSent
from tests.faults.table import Fault
from tests.found import records
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

POSTS = [f"p{number}" for number in range(40)]
ANALYSTS = ["a.khan", "j.doyle", "m.osei"]
LABELS = ["intel", "help_request", "complaint"]
TIMES = 12
AT_ONCE = 20


class Analysts:
    """A context in which people decide on what they find, posts are edited and deleted, and what was is sent again."""

    def __init__(self, sent: DecisionsSent, chance: random.Random) -> None:
        self._sent = sent
        self._chance = chance
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Analysts:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        self._sent.flush()

    def _run(self) -> None:
        minutes = 0
        while not self._stop.wait(0.3):
            some_decisions(self._sent, self._chance)
            minutes += 1
            one, other = self._chance.sample(POSTS, 2)
            if minutes % 5 == 0:
                self._sent.item(one, f"2026-08-15T{11 + minutes // 60:02}:{minutes % 60:02}:00Z")
            self._sent.item(other, FIRST, activation=self._chance.choice([1, 2]))
            if minutes % 40 == 0:
                self._sent.delete(other)
            self._sent.flush()


def some_decisions(sent: DecisionsSent, chance: random.Random) -> None:
    """Several analysts look at the same list, and each decides on some of it: who is second comes too late, or insists."""
    documents = sent.documents()
    for by in ANALYSTS:
        for id in chance.sample(POSTS, AT_ONCE // len(ANALYSTS)):
            ours = documents.get(id, {}).get("flagpost", {})
            if ours.get("withdrawn"):
                continue
            over = chance.random() < 0.1
            label = chance.choice(LABELS)
            sent.decide(id, by, ours.get("reviews", 0), ours.get("edited_at", FIRST), label=label, over=over)
    sent.flush()


def survived(ready: Settings, fault: Fault, sent: DecisionsSent, name: str, fired: int) -> Counter[str]:
    """Waits until everything is applied and indexed, and compares. Returns what became of the decisions."""
    began = time.monotonic()
    wait_until_done(ready, timeout=PATIENCE, stages=("review",))
    fault.survived(ready, sent, name, fired, since=began)
    acts = {}
    for record in records(ready, "audit"):
        entry = json.loads(record.value)
        acts[entry["detail"]["record"]] = entry["act"]
    return Counter(acts.values())


@pytest.mark.slow
def test_a_review_worker_killed_at_random_moments_of_its_work_loses_no_decision(ready: Settings, fault: Fault) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    sent = DecisionsSent(ready)
    for id in POSTS:
        sent.item(id)
    sent.flush()
    killed: list[int] = []
    with WorkerProcesses(ready, "review", "index") as workers:
        workers.wait_until_up()
        with Analysts(sent, random.Random(seed + 1)):
            for _ in range(TIMES):
                before = committed(ready)
                wait_for(lambda before=before: committed(ready) > before, lambda: f"it works; {workers.log('review')}")
                time.sleep(chance.uniform(0, 1))  # not to wait for something: the moment itself is what is drawn
                if workers.pid_of("review"):
                    killed.append(workers.kill("review"))
        became = survived(ready, fault, sent, f"SIGKILL of the review worker, seed {seed}", len(killed))
    assert len(killed) == len(set(killed)) == workers.ends("killed by signal 9")
    assert became["review-decided"] > 0
    assert became["review-overtaken"] > 0


@pytest.mark.parametrize("where", ["after decision", pytest.param("after audit", marks=pytest.mark.slow)])
def test_a_review_worker_killed_at_a_named_place_loses_no_decision(
    ready: Settings, fault: Fault, tmp_path: Path, where: str
) -> None:
    """What was decided before it died stands only in the topic: it has to be read to know who comes too late."""
    injected = Injected(where, tmp_path, every=2, times=2)
    sent = DecisionsSent(ready)
    for id in POSTS:
        sent.item(id)
    some_decisions(sent, random.Random(7))
    with WorkerProcesses(ready, "review", **injected.environment) as workers:
        for fired in (1, 2):
            wait_until_done(ready, timeout=PATIENCE, stages=("review",))
            some_decisions(sent, random.Random(7))  # nothing is indexed yet: all have seen the same
            wait_for(lambda fired=fired: injected.fired >= fired, lambda: f"it died {where}; {workers.log('review')}")
    with WorkerProcesses(ready, "index", "review"):
        became = survived(ready, fault, sent, f"SIGKILL {where}", injected.fired)
    assert workers.ends("killed by signal 9") == 2
    assert became["review-overtaken"] > became["review-decided"] > 0


def test_no_replay_and_no_newer_model_takes_a_decision_back(ready: Settings, fault: Fault) -> None:
    """Every group begins its topic anew, with items of a newer model behind; only an edit and a delete count for more."""
    sent = DecisionsSent(ready)
    for id in POSTS:
        sent.item(id)
    sent.flush()
    with WorkerProcesses(ready, "review", "index"):
        wait_until_done(ready, timeout=PATIENCE, stages=("index",))
        for round in range(3):
            some_decisions(sent, random.Random(round))
            wait_until_done(ready, timeout=PATIENCE, stages=("review",))
            wait_until_done(ready, timeout=PATIENCE, stages=("index",))
    decided = {id: one["flagpost"].get("review") for id, one in sent.documents().items()}
    assert sum(one is not None for one in decided.values()) > len(POSTS) / 2
    for id in POSTS:
        sent.item(id, activation=2)
    edited, deleted, *_ = (id for id, review in sorted(decided.items()) if review)
    sent.item(edited, "2026-08-15T12:00:00Z")
    sent.delete(deleted)
    sent.flush()
    for stage, topic in (("review", "reviews"), ("index", "flagged")):
        begin_anew(ready, stage, topic)
    with WorkerProcesses(ready, "review", "index"):
        survived(ready, fault, sent, "replay of [reviews] and [flagged], a newer model behind", fired=len(POSTS))
    after = {id: one["flagpost"].get("review") for id, one in sent.documents().items()}
    assert {**after, edited: decided[edited], deleted: decided[deleted]} == decided
    assert after[edited] is after[deleted] is None


@pytest.mark.slow
def test_a_review_worker_that_wakes_up_behind_another_one_changes_nothing(
    ready: Settings, fault: Fault, tmp_path: Path
) -> None:
    injected = Injected("stopped before decision", tmp_path)
    sent = DecisionsSent(ready)
    for id in POSTS:
        sent.item(id)
    sent.flush()
    with WorkerProcesses(ready, "review", "index", **injected.environment) as workers:
        workers.wait_until_up()
        some_decisions(sent, random.Random(1))
        wait_for(lambda: injected.fired, "a worker holds the first decisions")
        zombie = workers.pid_of("review")
        assert zombie
        some_decisions(sent, random.Random(2))
        with WorkerProcesses(ready, "review"):
            wait_until_done(ready, timeout=PATIENCE, stages=("review",))
            some_decisions(sent, random.Random(3))
            os.kill(zombie, signal.SIGCONT)
            wait_for(lambda: injected.woke, "it woke up and went on with its old batch")
            survived(ready, fault, sent, "a review worker stopped for longer than its session", injected.fired)


def committed(settings: Settings) -> int:
    """How far the review stage has committed."""
    group = settings.named("flagpost-review")
    with OffsetReader(settings) as reader:
        return sum(reader.committed([group])[group].get(settings.named("reviews"), {}).values())


def begin_anew(settings: Settings, stage: str, topic: str) -> None:
    """Sets the stage's group back to the topic's beginning. No worker of it may run."""
    group, name = settings.named(f"flagpost-{stage}"), settings.named(topic)

    def done() -> bool:
        consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap(), group_id=group)
        try:
            partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name)]
            consumer.assign(partitions)
            consumer.commit({one: OffsetAndMetadata(0, "", -1) for one in partitions})
            return True
        except kafka_errors.KafkaError:
            return False  # the group still has its last member
        finally:
            consumer.close()

    wait_for(done, f"the group of {stage} is set back")
