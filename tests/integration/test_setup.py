"""`flagpost setup` on a real Kafka and a real Elasticsearch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.elasticsearch_client import connect, connect_async
from pipeline.errors import NotSetUp
from pipeline.index.bulk import BulkWriter
from pipeline.index.document import document_of
from pipeline.index.lookup import find_item
from pipeline.index.stage import IndexStage, check_mapping
from pipeline.result import Done
from pipeline.settings import Settings
from pipeline.setup.index_plan import mapping_differences
from schemas import codec, mapping
from schemas.identity import document_id
from schemas.item import Decision
from schemas.topics import TOPICS
from tests.doubles.manual_clock import START
from tests.messages import item, message, post
from tests.servers import Flagpost

pytestmark = pytest.mark.integration

ALERT = (Path(mapping.__file__).parent / "examples" / "alerts" / "good" / "open.json").read_bytes()

NOBODY = "127.0.0.1:1"

EVERYTHING = len(TOPICS) + 4 * len(mapping.INDICES)
"""Topics; and of each index its template, itself and two aliases."""


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
    assert f"{EVERYTHING} created, 0 updated." in ran.out
    described = {topic["name"]: topic for topic in admin(settings).describe_topics()}
    for topic in TOPICS.values():
        found = config(settings, topic.name)
        assert len(described[settings.named(topic.name)]["partitions"]) == topic.partitions
        assert found["retention.ms"] == str(int(topic.retention_days * 86_400_000))
        assert found["cleanup.policy"] == topic.cleanup
        assert found["segment.ms"] == str(int(topic.segment_hours * 3_600_000))
        assert found["max.message.bytes"] == str(topic.max_bytes)
        assert found["message.timestamp.type"] == ("LogAppendTime" if topic.append_time else "CreateTime")
    with connect(settings) as client:
        found = client.indices.get(index=f"{settings.namespace}-*").body
    index, alerts = found[settings.named("flagpost-items-v1")], found[settings.named("flagpost-alerts-v1")]
    assert alerts["aliases"] == {
        settings.named("flagpost-alerts"): {},
        settings.named("flagpost-alerts-write"): {"is_write_index": True},
    }
    assert alerts["mappings"]["dynamic"] == "strict"
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
    assert f"{EVERYTHING} would be created, 0 updated. Nothing was done." in ran.out
    assert not [name for name in admin(settings).list_topics() if name.startswith(settings.namespace)]
    with connect(settings) as client:
        assert client.indices.get(index=f"{settings.namespace}-*").body == {}


def test_a_topic_that_is_otherwise_is_brought_back(flagpost: Flagpost, ready: Settings) -> None:
    name = ready.named("posts")
    resource = ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000", "flush.ms": "5000"})
    admin(ready).alter_configs([resource])
    ran = flagpost("setup")
    assert "retention.ms 1000 → 604800000" in ran.out
    assert "0 created, 1 updated." in ran.out
    assert config(ready, "posts")["retention.ms"] == "604800000"
    assert config(ready, "posts")["flush.ms"] == "5000"  # what is not ours stays


def test_a_topic_from_before_files_had_their_time_is_given_it(flagpost: Flagpost, ready: Settings) -> None:
    name = ready.named("chatter-sample")
    before = {"cleanup.policy": "delete", "segment.ms": "604800000", "max.compaction.lag.ms": str(2**63 - 1)}
    admin(ready).alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, before)])
    ran = flagpost("setup")
    assert "cleanup.policy delete → compact,delete" in ran.out
    assert "segment.ms 604800000 → 21600000" in ran.out
    assert config(ready, "chatter-sample")["max.compaction.lag.ms"] == "21600000"


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
    index = ready.named(mapping.ITEMS.name)
    older = json.loads(json.dumps(mapping.template("standard")["template"]))  # nothing in it shared
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
    change = f"mapping revision 0 → {mapping.ITEMS.revision}"
    assert f"new field related, field message changed, {change}" in ran.out
    assert "3 created, 1 updated." in ran.out
    assert mapping_differences(found["mappings"]["properties"], mapping.mappings()["properties"]) == ([], [])
    assert found["mappings"]["_meta"] == mapping.mappings()["_meta"]
    assert set(found["aliases"]) == {ready.named(mapping.INDEX), ready.named(mapping.WRITE_ALIAS)}


async def test_an_index_from_before_there_were_reviews_takes_them_and_what_it_holds_is_kept(
    flagpost: Flagpost, ready: Settings
) -> None:
    """Revision 1 of the mapping had neither decisions nor the model's own words beside them, nor an index of alerts."""
    index, write_alias = ready.named(mapping.ITEMS.name), ready.named(mapping.WRITE_ALIAS)
    older = revision_1()
    with connect(ready) as client:
        for name in (mapping.ITEMS, mapping.ALERTS):
            client.indices.delete_index_template(name=ready.named(name.alias))
            client.indices.delete(index=ready.named(name.name))
        client.indices.create(index=index, **older, aliases={write_alias: {"is_write_index": True}})
        old = json.loads(codec.encode(document_of(item("old"), START)))
        del old["flagpost"]["verdict"], old["event"]["id"]
        client.index(index=write_alias, id=document_id("x", "old"), document=old, version=1, version_type="external")
        async with connect_async(ready) as asking:
            with pytest.raises(NotSetUp, match="older than this version"):
                await check_mapping(asking, ready)
            assert flagpost("setup").code == 0
            await check_mapping(asking, ready)
            assert set(states(flagpost("setup", "--json").out).values()) == {"unchanged"}
            reviewed = item("new", reviews=1, review=Decision(by="a.khan", at=START, grade="prompt", note="he is back"))
            stage = IndexStage(BulkWriter(asking, write_alias), alerts_alias=ready.named(mapping.ALERTS.write_alias))
            messages = [message(reviewed, topic="flagged"), message(ALERT, topic="alerts", key=b"a")]
            assert await stage.handle(messages) == [Done("indexed")] * 2
        client.indices.refresh(index=index)  # an item is found as a search finds it
        assert find_item(client, ready, document_id("x", "old")) == item("old")
        assert find_item(client, ready, "x:new") == reviewed


def revision_1() -> dict[str, Any]:
    """The index as flagpost made it then."""
    body: dict[str, Any] = json.loads(json.dumps(mapping.template("standard")["template"]))
    body["mappings"]["_meta"]["flagpost"]["revision"] = 1
    del body["mappings"]["properties"]["event"]["properties"]["id"]
    for name in ("verdict", "review"):
        del body["mappings"]["properties"]["flagpost"]["properties"][name]
    return body


def test_an_index_from_before_names_were_found_takes_them_and_what_it_holds_is_found_by_a_second_filling(
    flagpost: Flagpost, ready: Settings
) -> None:
    """Revision 2 of the mapping had the handles, and where a post was written, and nothing else that its text names."""
    index, write_alias = ready.named(mapping.ITEMS.name), ready.named(mapping.WRITE_ALIAS)
    named = item("old", post=post("old", "van AB12 CDE in Swindon"))
    id, document = document_id("x", "old"), json.loads(codec.encode(document_of(named, START)))
    old = {**document, "related": {"user": []}}
    del old["geo"]
    version: dict[str, Any] = {"version": 1, "version_type": "external_gte", "refresh": "wait_for"}
    with connect(ready) as client:
        client.indices.delete_index_template(name=ready.named(mapping.INDEX))
        client.indices.delete(index=index)
        client.indices.create(index=index, **revision_2(), aliases={write_alias: {"is_write_index": True}})
        client.index(index=write_alias, id=id, document=old, **version)
        ran = flagpost("setup")
        assert ran.code == 0
        assert "new field geo.mentioned" in ran.out
        assert json.loads(flagpost("search", "--json").out)["_id"] == id
        assert flagpost("search", "--json", "--vehicle", "AB12CDE").out == ""
        client.index(index=write_alias, id=id, document=document, **version)
        for options in (["--vehicle", "AB12CDE"], ["--near", "51.56,-1.78,5", "--near-mentioned"]):
            assert json.loads(flagpost("search", "--json", *options).out)["_id"] == id


def revision_2() -> dict[str, Any]:
    """The index as flagpost made it then."""
    body: dict[str, Any] = json.loads(json.dumps(mapping.template("standard")["template"]))
    body["mappings"]["_meta"]["flagpost"]["revision"] = 2
    del body["mappings"]["properties"]["geo"]["properties"]["mentioned"]
    related = body["mappings"]["properties"]["related"]["properties"]
    for name in [*related]:
        if name != "user":
            del related[name]
    return body


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
