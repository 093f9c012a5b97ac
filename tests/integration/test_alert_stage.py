"""The alert stage's worker on a real Kafka: one candidate for every record of `[flagged]`, whatever happens to it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from kafka import KafkaProducer

from pipeline.done import wait_until_done
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Gone, Matched
from schemas.item import Decision, Item, Withdrawn
from schemas.topics import ALERT_CANDIDATES, DEAD_LETTERS
from tests.doubles.manual_clock import START
from tests.found import end, records
from tests.messages import item, post
from tests.unit.alert.files import SMALL
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

ALL = SMALL.replace("grades: [immediate]", "labels: [intel]")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(ALL)
    return path


def flag(settings: Settings, *values: Item | Withdrawn | bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap(), linger_ms=5)
    for value in values:
        encoded, key = (value, "x:bad") if isinstance(value, bytes) else (codec.encode(value), value.uid)
        producer.send(settings.named("flagged"), encoded, key=key.encode())
    producer.flush()
    producer.close()


def candidates(settings: Settings) -> list[Matched | Gone]:
    return [codec.decode(ALERT_CANDIDATES, record.value) for record in records(settings, ALERT_CANDIDATES.name)]


def wait(settings: Settings) -> None:
    wait_until_done(settings, timeout=PATIENCE, stages=("alert",))


def test_every_record_has_its_candidate_and_one_posts_in_their_order(ready: Settings, rules: Path) -> None:
    edited = item(post=post("a", "all quiet now", edited_at=START))
    dismissed = item("b", reviews=1, review=Decision(by="a.khan", at=START, dismissed=True))
    gone = Withdrawn(source="x", id="a", reason="deleted", revision=START, withdrawn_at=START, activation=1)
    flag(ready, item("a"), edited, gone, item("b"), b"{", dismissed)
    with WorkerProcesses(ready, "alert", FLAGPOST_RULES=str(rules)):
        wait(ready)
    found = candidates(ready)
    told = {uid: [one for one in found if one.uid == uid] for uid in ("x:a", "x:b")}
    assert [(type(one), getattr(one, "matches", None) is not None) for one in told["x:a"]] == [
        (Matched, True), (Matched, True), (Gone, False)
    ]  # fmt: skip
    assert [one.version for one in told["x:a"]] == sorted(one.version for one in told["x:a"])
    last = told["x:b"][-1]
    assert isinstance(last, Matched)
    assert (last.dismissed, last.matches, last.excerpt) == (True, [], None)
    assert [record.value for record in records(ready, DEAD_LETTERS.name)] == [b"{"]


def test_changed_rules_hold_without_a_restart_and_wrong_ones_do_not(ready: Settings, rules: Path) -> None:
    with WorkerProcesses(ready, "alert", FLAGPOST_RULES=str(rules)) as workers:
        workers.wait_until_up()
        before = workers.pid_of("alert")
        flag(ready, item("1"))
        wait(ready)
        rules.write_text(ALL.replace("labels: [intel]", "labels: [complaint]").replace("version: 1", "version: 3"))
        wait_for(lambda: tried(ready, workers, "rules file is wrong"), "the wrong rules are told")
        rules.write_text(ALL.replace("labels: [intel]", "labels: [complaint]"))
        wait_for(lambda: tried(ready, workers, "the rules have changed"), "the right rules are taken")
        flag(ready, item("last"))
        wait(ready)
        assert workers.pid_of("alert") == before
    matches = {one.uid: one.matches for one in candidates(ready) if isinstance(one, Matched)}
    assert len(matches["x:1"]) == 1
    assert matches["x:last"] == []


def tried(settings: Settings, workers: WorkerProcesses, words: str) -> bool:
    """Whether the worker's log says ``words``, after an item more: it looks at the file when there is work."""
    flag(settings, item("other"))
    wait(settings)
    return workers.says("alert", words) > 0


def test_a_killed_worker_loses_no_candidate(ready: Settings, rules: Path) -> None:
    words = " ".join(f"lads dealing by pier {n}" for n in range(60))  # some seconds of work
    items = [item(str(n), f"{n} {words}") for n in range(6000)]
    with WorkerProcesses(ready, "alert", FLAGPOST_RULES=str(rules)) as workers:
        workers.wait_until_up()
        flag(ready, *items)
        wait_for(lambda: end(ready, ALERT_CANDIDATES.name), "the worker is at work")
        workers.kill("alert")
        assert end(ready, ALERT_CANDIDATES.name) < len(items), "it still had work when it was killed"
        wait(ready)
    told = Counter(one.uid for one in candidates(ready))
    assert set(told) == {one.uid for one in items}


def test_wrong_rules_at_the_start_halt_the_stage_and_take_nothing(ready: Settings, rules: Path) -> None:
    rules.write_text(SMALL.replace("immediate", "urgent"))
    flag(ready, item("1"))
    with WorkerProcesses(ready, "alert", FLAGPOST_RULES=str(rules)) as workers:
        wait_for(lambda: workers.ends("halted"), "the worker has ended")
        assert "`urgent` is not immediate" in workers.log("alert")
        rules.write_text(ALL)
        wait(ready)
    assert len(candidates(ready)) == 1
