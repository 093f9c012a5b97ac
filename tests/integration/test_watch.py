"""Flagpost watches itself: real workers and a real Kafka, and what an operator is told."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import OffsetAndMetadata

from pipeline.alert.rules import RulesFile, SystemRules
from pipeline.pause import pause_file
from pipeline.settings import Settings
from pipeline.watch import worker_conditions as checks
from pipeline.watch.condition import Condition
from pipeline.watch.connections import Connections
from pipeline.watch.follower import FOLLOWED_FOR, Follower, News
from pipeline.watch.watch import LOOK_WITHIN, Watch
from pipeline.watch.workers import read_lives
from schemas import codec
from schemas.dead_letter import DeadLetter
from schemas.topics import ALERTS, DEAD_LETTERS, FLAGGED, POSTS, WORKERS, Topic
from schemas.worker import WorkerReport
from tests.doubles.dead_mans_switch import SECRET, Switch
from tests.doubles.manual_clock import ManualClock
from tests.doubles.webhook_receiver import WebhookReceiver
from tests.ledger import Ledger
from tests.servers import Flagpost
from tests.unit.watch.reports import report
from tests.waiting import PATIENCE, wait_for
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

LIMITS = RulesFile(version=1, system=SystemRules(to=["operators"], lag_seconds=1))
HOUR = dt.timedelta(hours=1)
RULES = """
version: 1
channels:
  pager: {type: webhook, url: {env: PAGER_URL}, secret: {env: PAGER_KEY}, allow_private: true}
people:
  operator: {channels: {pager: ""}}
system:
  to: [operator]
"""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest_asyncio.fixture
async def watch(ready: Settings) -> AsyncIterator[Watch]:
    made = Watch(ready, lambda: LIMITS)
    yield made
    await made.close()


@pytest.fixture
def producer(ready: Settings) -> Iterator[KafkaProducer]:
    made = KafkaProducer(bootstrap_servers=ready.kafka_bootstrap)
    yield made
    made.close()


def commit(settings: Settings, stage: str, topic: Topic, offsets: dict[int, int]) -> None:
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, group_id=settings.named(f"flagpost-{stage}"))
    partitions = {TopicPartition(settings.named(topic.name), number): offset for number, offset in offsets.items()}
    consumer.assign(list(partitions))
    consumer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in partitions.items()})
    consumer.close()


def say(settings: Settings, producer: KafkaProducer, *reports: WorkerReport) -> None:
    for one in reports:
        producer.send(settings.named(WORKERS.name), codec.encode(one), key=one.key.encode())
    producer.flush()


async def looks_until(
    watch: Watch, holds: Callable[[dict[tuple[str, str], Condition]], object]
) -> dict[tuple[str, str], Condition]:
    """What is told by the first look of which it ``holds``."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = {(one.rule, one.about): one for one in await watch.look(now())}
        if holds(found):
            return found
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s; told is {found}"
        await asyncio.sleep(0.2)


async def test_where_everything_is_well_nothing_is_told(ready: Settings, watch: Watch) -> None:
    ledger = Ledger(ready)
    ledger.post("1", "lovely sunset over the bay tonight, chips on the front, happy days")
    ledger.flush()
    with WorkerProcesses(ready, "classify"):
        wait_for(lambda: ledger.outcomes(), "classify works")
        assert await watch.look(now()) == []
        wait_for(lambda: any(life.report.model for life in read_lives(ready, now())), "it says which model judges")
    [life] = read_lives(ready, now())
    assert life.report.state == "ended", "a worker that is asked to end says so"


async def test_a_paused_stage_is_told_until_it_is_resumed_and_its_lag_only_once(ready: Settings, watch: Watch) -> None:
    ledger = Ledger(ready)
    for number in range(80):
        ledger.bad(b"<html>%d</html>" % number, key=f"k{number}")
    ledger.flush()
    with WorkerProcesses(ready, "classify"):
        wait_for(lambda: pause_file(ready.home, "classify").exists(), "the stage is paused")
        ledger.post("after", "lovely sunset over the bay tonight")
        ledger.flush()
        found = await looks_until(watch, lambda found: ("system-paused", "classify") in found)
        assert "flagpost worker resume classify" in found["system-paused", "classify"].title
        assert "could not be used" in found["system-dead-letters", "classify"].title
        assert ("system-lag", "classify") not in found
        pause_file(ready.home, "classify").unlink()
        await looks_until(watch, lambda found: ("system-paused", "classify") not in found)


def test_operators_are_paged_about_a_paused_stage_and_the_outside_hears_that_flagpost_lives(
    ready: Settings, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, "utf-8")
    with Switch() as switch, WebhookReceiver() as receiver:
        secrets = {"PAGER_URL": receiver.url, "PAGER_KEY": receiver.key}
        watched = {"FLAGPOST_RULES": str(rules), "FLAGPOST_HEARTBEAT_URL": switch.url}
        with WorkerProcesses(ready, "index", "page", **watched, **secrets) as workers:
            wait_for(lambda: switch.asked, lambda: f"the dead-man's switch is asked for; {workers.log('page')}")
            assert not receiver.taken
            pause_file(ready.home, "index").write_text("251 of the last 500 messages could not be used", "utf-8")
            wait_for(lambda: receiver.taken, lambda: f"operators are paged; {workers.log('page')}")
            assert SECRET not in workers.log("page")
    [page] = receiver.taken.values()
    assert "index is paused" in json.dumps(page.body)


async def test_a_worker_that_is_killed_again_and_again_is_told(ready: Settings, watch: Watch) -> None:
    with WorkerProcesses(ready, "index") as workers:
        before = None
        for _ in range(3):
            wait_for(lambda before=before: workers.pid_of("index") not in (None, before), "index runs (again)")
            assert ("system-restarts", "index") not in {(one.rule, one.about) for one in await watch.look(now())}
            before = workers.kill("index")
        wait_for(lambda: workers.pid_of("index") not in (None, before), "index runs again")
        found = await looks_until(watch, lambda found: ("system-restarts", "index") in found)
    assert found["system-restarts", "index"].severity == "error"


async def test_a_stage_that_worked_and_is_gone_is_told(
    ready: Settings, watch: Watch, producer: KafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "NO_SIGN_SECONDS", 3.0)
    commit(ready, "classify", POSTS, {0: 0})
    say(ready, producer, report(stage="index"))
    assert await watch.look(now()) == []
    found = await looks_until(watch, lambda found: ("system-restarts", "classify") in found)
    assert found["system-restarts", "classify"].severity == "critical"
    assert ("system-restarts", "index") not in found, "what never did anything need not run"


async def test_a_machine_whose_clock_is_wrong_is_told(ready: Settings, watch: Watch, producer: KafkaProducer) -> None:
    say(ready, producer, report(stage="index", host="control-2", at=now() + dt.timedelta(days=400)))
    found = await looks_until(watch, lambda found: ("system-clock", "control-2") in found)
    assert "control-2 is 400 days ahead of Kafka's" in found["system-clock", "control-2"].title


async def test_lag_is_told_by_age_and_for_stages_that_have_worked(
    ready: Settings, watch: Watch, producer: KafkaProducer
) -> None:
    for number in range(3):
        producer.send(ready.named(FLAGGED.name), b"{}", partition=number, timestamp_ms=int(now().timestamp() * 1000))
    producer.flush()
    assert await watch.look(now()) == [], "nobody has ever read it"
    commit(ready, "index", FLAGGED, {0: 1, 1: 1, 2: 1})
    assert await watch.look(now()) == [], "all is done"
    commit(ready, "index", FLAGGED, {2: 0})
    found = await looks_until(watch, lambda found: ("system-lag", "index") in found)
    assert "1 messages of [flagged] wait" in found["system-lag", "index"].title
    commit(ready, "index", FLAGGED, {2: 1})
    await looks_until(watch, lambda found: not found)


async def test_a_producer_whose_clock_is_an_hour_off_makes_no_lag_and_hides_none(
    ready: Settings, watch: Watch, producer: KafkaProducer
) -> None:
    commit(ready, "index", FLAGGED, {0: 0, 1: 0})
    assert await watch.look(now()) == []
    behind, ahead = (int((now() + off).timestamp() * 1000) for off in (-HOUR, HOUR))
    producer.send(ready.named(FLAGGED.name), b"{}", partition=0, timestamp_ms=behind).get(10)
    found = {one.title for one in await watch.look(now())}
    assert not any("60 min" in title for title in found)
    commit(ready, "index", FLAGGED, {0: 1})
    producer.send(ready.named(FLAGGED.name), b"{}", partition=1, timestamp_ms=ahead).get(10)
    await looks_until(watch, lambda found: ("system-lag", "index") in found)


async def test_the_mark_of_a_transaction_is_no_message(ready: Settings, watch: Watch) -> None:
    producer = KafkaProducer(bootstrap_servers=ready.kafka_bootstrap, transactional_id=ready.named("t"))
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(ready.named(ALERTS.name), b"{}", key=b"a")
    producer.commit_transaction()
    producer.close()
    commit(ready, "index", ALERTS, {0: 1})
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        assert await watch.look(now()) == []


async def test_dead_letters_of_any_stage_are_told(ready: Settings, watch: Watch, producer: KafkaProducer) -> None:
    assert await watch.look(now()) == []
    for stage in ("index", "classify"):
        headers = DeadLetter(reason="mapping", stage=stage, dead_at=now()).to_headers()
        producer.send(ready.named(DEAD_LETTERS.name), b"x", headers=headers)
    producer.flush()
    found = await looks_until(watch, lambda found: found)
    assert set(found) == {("system-dead-letters", "index")}, "classify's are told by their share of the outcomes"


async def test_a_source_that_falls_silent_is_told_by_keys_and_times_alone(
    ready: Settings, watch: Watch, producer: KafkaProducer
) -> None:
    admin = KafkaAdminClient(bootstrap_servers=ready.kafka_bootstrap)
    to_set = {"message.timestamp.type": "CreateTime"}  # else a past could not be written
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, ready.named(POSTS.name), to_set)])
    admin.close()
    end = now()
    for minute in range(26 * 60, -1, -1):
        at = int((end - dt.timedelta(minutes=minute)).timestamp() * 1000)
        for source in ("x", "rss", "bluesky"):
            if source == "x" and minute < 45:
                continue
            for number in range(3):
                key = f"{source}:{minute}-{number}".encode()
                producer.send(ready.named(POSTS.name), b"no post", key=key, timestamp_ms=at)
    producer.flush()
    found = await looks_until(watch, lambda found: found)
    assert set(found) == {("system-silent-source", "x")}
    assert found["system-silent-source", "x"].title.startswith("Nothing came from x for 45 min")
    producer.send(ready.named(POSTS.name), b"no post", key=b"x:again").get(10)
    await looks_until(watch, lambda found: not found)


def test_of_a_flood_the_newest_is_read_and_the_share_is_told(ready: Settings, producer: KafkaProducer) -> None:
    def send(records: int) -> None:
        for number in range(records):
            producer.send(ready.named(POSTS.name), b"%d" % number, partition=0)
        producer.flush()

    connections, clock = Connections(ready), ManualClock()
    try:
        follower = Follower(connections, POSTS, most=10, monotonic=clock.monotonic)
        send(5)
        assert follower.news(now() + HOUR) == News([], 1.0), "older than what it begins with"
        send(100)
        news = follower.news(now() - HOUR)
        assert [int(record.value) for record in news.records] == list(range(90, 100))
        assert news.share == pytest.approx(0.1)
        send(3)
        news = follower.news(now() - HOUR)
        assert (len(news.records), news.share) == (3, 1.0)
        send(8)
        clock.advance(FOLLOWED_FOR + 1)
        assert follower.news(now() + HOUR).records == [], "what came while another worker followed is not caught up on"
        assert follower.news(now() - HOUR) == News([], 1.0)
    finally:
        connections.close()


async def test_kafka_away_is_no_fault_of_the_page_stage(ready: Settings) -> None:
    watch = Watch(ready.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"}), lambda: LIMITS)
    started = time.monotonic()
    assert await watch.look(now()) == []
    await watch.beat(now())
    await watch.close()
    assert time.monotonic() - started < 3 * LOOK_WITHIN


async def test_without_a_topic_of_workers_the_rest_is_watched(
    ready: Settings, watch: Watch, producer: KafkaProducer
) -> None:
    admin = KafkaAdminClient(bootstrap_servers=ready.kafka_bootstrap)
    admin.delete_topics([ready.named(WORKERS.name)])
    admin.close()
    commit(ready, "index", FLAGGED, {0: 0})
    producer.send(ready.named(FLAGGED.name), b"{}", partition=0).get(10)
    await looks_until(watch, lambda found: ("system-lag", "index") in found)


def test_status_shows_the_workers_of_other_machines(
    flagpost: Flagpost, ready: Settings, producer: KafkaProducer
) -> None:
    say(ready, producer, report(host="control-2", state="paused", detail="most were bad", lag=5))
    told = json.loads(flagpost("status", "--json").out)
    [worker] = told["workers"]
    assert (worker["host"], worker["stage"], worker["state"], worker["lag"]) == ("control-2", "classify", "paused", 5)
    assert 0 <= worker["silent_seconds"] < PATIENCE
    assert told["problems"] == []
    assert (told["heartbeat"], told["open_alerts"]) == (False, 0)
    assert "paused (most were bad)" in flagpost("status").out


def test_status_tells_how_old_what_waits_is(flagpost: Flagpost, ready: Settings, producer: KafkaProducer) -> None:
    made = int((now() - HOUR).timestamp() * 1000)
    producer.send(ready.named(FLAGGED.name), b"{}", partition=0, timestamp_ms=made).get(10)
    lags = json.loads(flagpost("status", "--json").out)["lags"]
    ages = {(lag["stage"], lag["topic"].removeprefix(f"{ready.namespace}-")): lag["oldest_seconds"] for lag in lags}
    assert 3600 <= ages["index", "flagged"] < 3600 + PATIENCE
    assert ages["classify", "posts"] is None
