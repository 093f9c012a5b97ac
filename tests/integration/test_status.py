"""`flagpost status` on a real Kafka and a real Elasticsearch."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.lag import READERS
from pipeline.pause import pause_file
from pipeline.settings import Settings
from pipeline.status import Lag
from pipeline.workers import RunFile
from schemas import codec, mapping
from schemas.document import Document, EventFields, FlagpostFields
from schemas.topics import FLAGGED, TOPICS
from tests.servers import Flagpost
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

NOBODY = "127.0.0.1:1"


def send(settings: Settings, topic: str, records: int) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap)
    for number in range(records):
        producer.send(settings.named(topic), b"x", partition=number % 2)
    producer.flush()
    producer.close()


def commit(settings: Settings, stage: str, topic: str, offsets: dict[int, int]) -> None:
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, group_id=settings.named(f"flagpost-{stage}"))
    partitions = {TopicPartition(settings.named(topic), partition): offset for partition, offset in offsets.items()}
    consumer.assign(list(partitions))
    consumer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in partitions.items()})
    consumer.close()


def store(settings: Settings, id: str, withdrawn: bool) -> None:
    fields = FlagpostFields(uid=f"x:{id}", source="x", post_id=id, version=1, withdrawn=withdrawn)
    document = Document(
        timestamp=dt.datetime.now(dt.UTC), event=EventFields(ingested=dt.datetime.now(dt.UTC)), flagpost=fields
    )
    with connect(settings) as client:
        body = json.loads(codec.encode(document))
        client.index(index=settings.named(mapping.WRITE_ALIAS), id=id, document=body, refresh=True)


def told(flagpost: Flagpost) -> dict[str, Any]:
    status: dict[str, Any] = json.loads(flagpost("status", "--json").out)
    return status


def lags(status: dict[str, Any]) -> dict[str, int]:
    """Of each stage, in all of its topics."""
    found: Counter[str] = Counter()
    for lag in status["lags"]:
        found[lag["stage"]] += lag["lag"]
    return dict(found)


def test_status_counts_messages_lag_documents_and_dead_letters(flagpost: Flagpost, ready: Settings) -> None:
    send(ready, "posts", 10)
    send(ready, "flagged", 4)
    send(ready, "dead-letters", 3)
    commit(ready, "classify", "posts", {0: 5, 1: 2})
    store(ready, "1", withdrawn=False)
    store(ready, "2", withdrawn=True)
    status = told(flagpost)
    messages = {topic["topic"]: topic["messages"] for topic in status["topics"]}
    assert messages == {**dict.fromkeys(TOPICS, 0), "posts": 10, "flagged": 4, "dead-letters": 3}
    readers_of_flagged = {stage: 4 for stage, topics in READERS.items() if FLAGGED in topics}
    assert lags(status) == {**dict.fromkeys(READERS, 0), "classify": 3, **readers_of_flagged}
    assert status["lags"][0]["group"] == ready.named("flagpost-classify")
    assert status["dead_letters"] == 3
    assert status["items"] == 1
    assert status["indices"] == [{"index": ready.named("flagpost-items-v1"), "total": 2, "tombstones": 1}]
    assert status["problems"] == []
    shown = flagpost("status")
    assert shown.code == 0
    assert "2 documents, 1 of them withdrawn" in shown.out


def test_workers_of_this_machine_and_paused_stages_are_shown(flagpost: Flagpost, ready: Settings) -> None:
    run = RunFile("classify", os.getpid(), dt.datetime.now(dt.UTC), f"http://{NOBODY}")
    folder = ready.home / "workers"
    folder.mkdir(parents=True)
    (folder / f"classify-{os.getpid()}.json").write_bytes(msgspec.json.encode(run))
    pause_file(ready.home, "index").write_text("300 of the last 500", "utf-8")
    status = told(flagpost)
    assert [(worker["stage"], worker["state"]) for worker in status["workers"]] == [("classify", "unreachable")]
    assert status["paused"] == [{"stage": "index", "reason": "300 of the last 500"}]


def test_waiting_ends_at_once_when_nothing_is_to_be_done(flagpost: Flagpost, ready: Settings) -> None:
    ran = flagpost("status", "--wait", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert lags(json.loads(ran.out)) == dict.fromkeys(READERS, 0)


def test_waiting_ends_when_the_last_message_is_done(ready: Settings) -> None:
    send(ready, "posts", 4)
    heard: list[int] = []

    def work(lags: Sequence[Lag]) -> None:
        heard.extend(lag.lag for lag in lags if lag.stage == "classify")
        if len(heard) == 1:
            commit(ready, "classify", "posts", {0: 2, 1: 2})

    wait_until_done(ready, PATIENCE, work)
    assert heard[0] == 4


def test_waiting_in_vain_says_why_and_ends_with_1(flagpost: Flagpost, ready: Settings) -> None:
    send(ready, "posts", 4)
    ran = flagpost("status", "--wait", "--timeout", "0.5")
    assert ran.code == 1
    assert "no classify worker lives on this machine" in ran.err
    assert "After 0.5 s there are still messages to do: classify 4." in ran.err


def test_what_retention_removed_is_no_lag(flagpost: Flagpost, ready: Settings) -> None:
    send(ready, "posts", 10)
    admin = KafkaAdminClient(bootstrap_servers=ready.kafka_bootstrap)
    admin.delete_records({TopicPartition(ready.named("posts"), 0): 4})
    admin.close()
    status = told(flagpost)
    assert status["topics"][0]["messages"] == 6
    assert lags(status)["classify"] == 6


@pytest.mark.parametrize(
    ("env", "code", "shown", "missing"),
    [
        ({"kafka_bootstrap": NOBODY}, 3, "items can be found", "Partitions"),
        ({"elasticsearch_url": f"http://{NOBODY}"}, 3, "Partitions", "items can be found"),
    ],
)
def test_what_is_down_is_said_and_the_rest_is_shown(
    flagpost: Flagpost, ready: Settings, env: dict[str, str], code: int, shown: str, missing: str
) -> None:
    ran = flagpost("status", env=env)
    assert ran.code == code
    assert "Nobody answers" in ran.err
    assert "down" in ran.out
    assert shown in ran.out
    assert missing not in ran.out


def test_without_setup_status_says_what_to_do(flagpost: Flagpost) -> None:
    ran = flagpost("status", "--json")
    assert ran.code == 5
    assert [problem["part"] for problem in json.loads(ran.out)["problems"]] == ["kafka", "elasticsearch"]
    assert "Run `flagpost setup`." in ran.err
    assert flagpost("status", "--wait").code == 5


def test_down_counts_more_than_not_set_up(flagpost: Flagpost) -> None:
    assert flagpost("status", env={"elasticsearch_url": f"http://{NOBODY}"}).code == 3


def test_waiting_without_kafka_ends_at_once(flagpost: Flagpost) -> None:
    assert flagpost("status", "--wait", env={"kafka_bootstrap": NOBODY}).code == 3
