"""`flagpost setup` on a real Kafka and a real Elasticsearch."""

from __future__ import annotations

import copy
import json

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.elasticsearch_client import connect, connect_async
from pipeline.index.stage import check_mapping
from pipeline.settings import Settings
from pipeline.setup.index_plan import mapping_differences
from schemas import mapping
from schemas.topics import TOPICS
from tests.servers import Flagpost

pytestmark = pytest.mark.integration

NOBODY = "127.0.0.1:1"


def admin(settings: Settings) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)


def config(settings: Settings, topic: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.named(topic))
    found = admin(settings).describe_configs([resource], config_filter="all")["topic"][settings.named(topic)]
    return {name: entry["value"] for name, entry in found.items()}


def states(out: str) -> dict[str, str]:
    return {f"{one['kind']} {one['name']}": one["state"] for one in json.loads(out)["changes"]}


def test_setup_makes_everything_as_the_tables_say(flagpost: Flagpost, settings: Settings) -> None:
    ran = flagpost("setup")
    assert ran.code == 0
    assert "9 created, 0 updated." in ran.out
    described = {topic["name"]: topic for topic in admin(settings).describe_topics()}
    for topic in TOPICS.values():
        found = config(settings, topic.name)
        assert len(described[settings.named(topic.name)]["partitions"]) == topic.partitions
        assert found["retention.ms"] == str(int(topic.retention_days * 86_400_000))
        assert found["cleanup.policy"] == topic.cleanup
        assert found["max.message.bytes"] == str(topic.max_bytes)
        assert found["message.timestamp.type"] == ("LogAppendTime" if topic.append_time else "CreateTime")
    with connect(settings) as client:
        index = client.indices.get(index=settings.named(mapping.index_name())).body[settings.named("flagpost-items-v1")]
    assert index["mappings"]["dynamic"] == "strict"
    assert index["aliases"] == {
        settings.named("flagpost-items"): mapping.read_alias(),
        settings.named("flagpost-items-write"): {"is_write_index": True},
    }
    assert index["settings"]["index"]["refresh_interval"] == "1s"


async def test_a_worker_accepts_what_setup_made(ready: Settings) -> None:
    async with connect_async(ready) as client:
        await check_mapping(client, ready)


def test_the_second_run_changes_nothing_and_says_so(flagpost: Flagpost, ready: Settings) -> None:
    ran = flagpost("setup")
    assert "Everything was set up already: nothing was changed." in ran.out
    assert set(states(flagpost("setup", "--json").out).values()) == {"unchanged"}


def test_a_dry_run_says_what_it_would_do_and_does_nothing(flagpost: Flagpost, settings: Settings) -> None:
    ran = flagpost("setup", "--dry-run")
    assert ran.code == 0
    assert "9 would be created, 0 updated. Nothing was done." in ran.out
    assert not [name for name in admin(settings).list_topics() if name.startswith(settings.namespace)]
    with connect(settings) as client:
        assert client.indices.get(index=f"{settings.namespace}-*").body == {}


def test_a_topic_that_is_otherwise_is_brought_back(flagpost: Flagpost, ready: Settings) -> None:
    name = ready.named("posts")
    resource = ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000", "segment.ms": "5000"})
    admin(ready).alter_configs([resource])
    ran = flagpost("setup")
    assert "retention.ms 1000 → 604800000" in ran.out
    assert "0 created, 1 updated." in ran.out
    assert config(ready, "posts")["retention.ms"] == "604800000"
    assert config(ready, "posts")["segment.ms"] == "5000"  # what is not ours stays


def test_retention_follows_the_settings(flagpost: Flagpost, ready: Settings) -> None:
    ran = flagpost("setup", env={"kafka_retention_days": '{"posts": 0.5}'})
    assert ran.code == 0
    assert config(ready, "posts")["retention.ms"] == "43200000"


def test_partitions_are_never_changed(flagpost: Flagpost, ready: Settings) -> None:
    more = flagpost("setup", env={"kafka_partitions": "9"})
    assert "has 6 partitions, 9 are wanted: left" in more.out
    fewer = flagpost("setup", env={"kafka_partitions": "2"})
    assert "has 6 partitions, 2 are wanted: left" in fewer.out
    assert (more.code, fewer.code) == (0, 0)
    (posts,) = admin(ready).describe_topics([ready.named("posts")])
    assert len(posts["partitions"]) == 6


def test_new_fields_and_lost_aliases_are_added_to_an_index_that_is_there(flagpost: Flagpost, ready: Settings) -> None:
    index = ready.named(mapping.index_name())
    older = copy.deepcopy(mapping.template("standard")["template"])
    del older["mappings"]["properties"]["related"]
    del older["mappings"]["properties"]["message"]["fields"]
    older["mappings"]["_meta"]["flagpost"]["revision"] = 0
    with connect(ready) as client:
        client.indices.delete_index_template(name=ready.named(mapping.INDEX))  # else it adds what we left out
        client.indices.delete(index=index)
        client.indices.create(index=index, **older)
        ran = flagpost("setup")
        found = client.indices.get(index=index).body[index]
    assert ran.code == 0
    assert "new field related, field message changed, mapping revision 0 → 1" in ran.out
    assert "3 created, 1 updated." in ran.out
    assert mapping_differences(found["mappings"]["properties"], mapping.mappings()["properties"]) == ([], [])
    assert found["mappings"]["_meta"] == mapping.mappings()["_meta"]
    assert set(found["aliases"]) == {ready.named(mapping.INDEX), ready.named(mapping.WRITE_ALIAS)}


def test_an_index_in_the_place_of_an_alias_is_explained(flagpost: Flagpost, settings: Settings) -> None:
    with connect(settings) as client:
        client.indices.create(index=settings.named("flagpost-items"))
    ran = flagpost("setup")
    assert ran.code == 5
    assert "is an index" in ran.err
    assert "topic     " in ran.out  # what was done before is told


@pytest.mark.parametrize(
    ("env", "code", "sentence"),
    [
        ({"kafka_bootstrap": NOBODY}, 3, "Nobody answers at 127.0.0.1:1"),
        ({"elasticsearch_url": f"http://{NOBODY}"}, 3, "Nobody answers as Elasticsearch"),
        ({"kafka_replication": "3"}, 2, "asks for 3 copies, and Kafka has 1 broker"),
        ({"kafka_retention_days": '{"post": 3}'}, 2, "can't be used: post: 3"),
        ({"kafka_retention_days": '{"posts": 0}'}, 2, "can't be used: posts: 0"),
    ],
)
def test_what_hinders_setup_is_one_sentence(flagpost: Flagpost, env: dict[str, str], code: int, sentence: str) -> None:
    ran = flagpost("setup", env=env)
    assert ran.code == code
    assert ran.err.startswith("Error: ")
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_json_tells_what_was_done_before_an_error(flagpost: Flagpost) -> None:
    ran = flagpost("setup", "--json", env={"elasticsearch_url": f"http://{NOBODY}"})
    told = json.loads(ran.out)
    assert ran.code == 3
    assert [change["kind"] for change in told["changes"]] == ["topic"] * len(TOPICS)
    assert "Nobody answers" in told["error"]["message"]
