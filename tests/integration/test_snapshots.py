"""The runbook's way back from a snapshot, on a real Kafka and a real Elasticsearch: nothing that went since comes back."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import OffsetTimestamp

from pipeline.done import wait_until_done
from pipeline.elasticsearch_client import connect
from pipeline.settings import Settings
from schemas.mapping import ITEMS
from schemas.topics import FLAGGED
from tests.integration.kept import deleted, found, judged, send, store
from tests.servers import Flagpost
from tests.waiting import PATIENCE
from tests.worker_processes import WorkerProcesses

pytestmark = pytest.mark.integration

YEAR = {"FLAGPOST_RETAIN_ITEMS_DAYS": "365"}


def test_after_an_index_is_restored_what_was_forgotten_or_expired_since_does_not_come_back(
    ready: Settings, flagpost: Flagpost
) -> None:
    for name in ("forgotten", "kept"):
        send(ready, "flagged", judged(name, 1))
    for name in ("over", "held"):
        store(ready, judged(name, 400), 400)
    with connect(ready) as client:
        with WorkerProcesses(ready, "index", **YEAR):
            done(ready)
            taken_at = dt.datetime.now(dt.UTC)
            take(client, ready)
            send(ready, "flagged", deleted("forgotten", 0))  # as classify answers a `flagpost forget`
            assert flagpost("hold", "add", "x:held", "--why", "R v Marsh", "--by", "j.doyle").code == 0
            assert flagpost("retain").code == 0
            done(ready)
        after = found(ready)
        assert after["forgotten"] == "tombstone"
        assert set(after) == {"forgotten", "kept", "held"}

        client.indices.delete(index=ready.named(ITEMS.name))
        restore(client, ready)
        assert found(ready)["forgotten"] != "tombstone"
        assert set(found(ready)) == {"forgotten", "kept", "held", "over"}
        assert alias_is_filtered(client, ready)
        read_again_from(ready, taken_at - dt.timedelta(hours=1))
        with WorkerProcesses(ready, "index", **YEAR):
            done(ready)
            assert flagpost("retain").code == 0
            done(ready)
    assert found(ready) == after


def take(client: Elasticsearch, settings: Settings) -> None:
    name = settings.namespace
    client.snapshot.create_repository(name=name, repository={"type": "fs", "settings": {"location": name}})
    made = client.snapshot.create(
        repository=name, snapshot="before", indices=settings.named(ITEMS.name), include_global_state=False,
        wait_for_completion=True,
    )  # fmt: skip
    assert made["snapshot"]["state"] == "SUCCESS"


def restore(client: Elasticsearch, settings: Settings) -> None:
    client.snapshot.restore(
        repository=settings.namespace, snapshot="before", indices=settings.named(ITEMS.name), include_aliases=True,
        wait_for_completion=True,
    )  # fmt: skip
    client.cluster.health(index=settings.named(ITEMS.name), wait_for_status="yellow")


def alias_is_filtered(client: Elasticsearch, settings: Settings) -> bool:
    """Whether the searches' alias came back with what it hides."""
    aliases = client.indices.get_alias(index=settings.named(ITEMS.name)).body[settings.named(ITEMS.name)]["aliases"]
    return "must_not" in json.dumps(aliases[settings.named(ITEMS.alias)])


def read_again_from(settings: Settings, moment: dt.datetime) -> None:
    """As ``kafka-consumer-groups.sh --reset-offsets --to-datetime``."""
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap())
    try:
        at = OffsetTimestamp(int(moment.timestamp() * 1000))
        partitions = [TopicPartition(settings.named("flagged"), number) for number in range(FLAGGED.partitions)]
        answer = admin.reset_group_offsets(settings.named("flagpost-index"), dict.fromkeys(partitions, at))
        assert {one["error"] for one in answer.values()} == {kafka_errors.NoError}
    finally:
        admin.close()


def done(settings: Settings) -> None:
    wait_until_done(settings, timeout=PATIENCE, stages=("index",))
