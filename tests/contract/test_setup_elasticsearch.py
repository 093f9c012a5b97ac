"""What `setup` does on clusters that the local Elasticsearch can't be: with full English analysis, newer, refusing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import AccessRefused, ElasticsearchUnavailable, NotSetUp
from pipeline.settings import Settings
from pipeline.setup.change import Change
from pipeline.setup.elasticsearch import setup_elasticsearch
from schemas import mapping
from tests.doubles.scripted_elasticsearch import ScriptedElasticsearch

INDEX = "flagpost-items-v1"
THE_INDEX = f"index {INDEX}"
THE_TEMPLATE = "template flagpost-items"
OK = {"acknowledged": True}


def tokens(*words: str) -> dict[str, Any]:
    return {"tokens": [{"token": word} for word in words]}


ENGLISH = tokens("cafe", "run", "o'brien")


@pytest.fixture
def server() -> Iterator[ScriptedElasticsearch]:
    with ScriptedElasticsearch() as server:
        yield server


def run(server: ScriptedElasticsearch, tmp_path: Path, dry_run: bool = False, **fields: Any) -> dict[str, Change]:
    settings = Settings(home=tmp_path, elasticsearch_url=server.url, namespace="", **fields)
    return {f"{change.kind} {change.name}": change for change in setup_elasticsearch(settings, dry_run)}


def fresh(server: ScriptedElasticsearch) -> ScriptedElasticsearch:
    """A cluster that holds nothing of ours."""
    for index in mapping.INDICES:
        server.on("GET", f"/{index.alias}*", {}).on("PUT", f"/_index_template/{index.alias}", OK)
        server.on("PUT", f"/{index.name}", {**OK, "shards_acknowledged": True, "index": index.name})
    return server


def there(
    analysis: mapping.Analysis,
    revision: int | None = None,
    index: mapping.Index = mapping.ITEMS,
    replicas: int = 0,
    **aliases: Any,
) -> dict[str, Any]:
    """An index as Elasticsearch gives it."""
    body = mapping.template(analysis, replicas=replicas, index=index)["template"]
    meta = {"generation": 1, "revision": index.revision if revision is None else revision}
    mappings = {**body["mappings"], "_meta": {"flagpost": meta}}
    settings = {name: str(value) for name, value in body["settings"]["index"].items()}
    both = {index.alias: mapping.read_alias(index), index.write_alias: {"is_write_index": True}}
    return {
        "aliases": aliases.get("aliases", both),
        "mappings": mappings,
        "settings": {"index": {**settings, "analysis": body["settings"]["analysis"]}},
    }


def holding(server: ScriptedElasticsearch, template: dict[str, Any], **indices: Any) -> ScriptedElasticsearch:
    """A cluster that holds a template and indices of items, and those of all else as they should be beside them."""
    analysis = template["_meta"]["flagpost"]["analysis"]
    settings = template["template"]["settings"]["index"]
    replicas = settings["number_of_replicas"]
    for index in mapping.INDICES:
        ours = index is mapping.ITEMS
        body = template if ours else mapping.template(analysis, replicas=replicas, index=index)
        found = {"index_templates": [{"name": index.alias, "index_template": body}]}
        server.on("GET", f"/_index_template/{index.alias}", found).on("PUT", f"/_index_template/{index.alias}", OK)
        items = {name.replace("_", "-"): held for name, held in indices.items()}
        beside = {index.name: there(analysis, index=index, replicas=replicas)}
        server.on("GET", f"/{index.alias}*", items if ours else beside)
    return server.on("PUT", f"/{INDEX}/_settings", OK).on("PUT", f"/{INDEX}/_mapping", OK).on("POST", "/_aliases", OK)


def test_a_cluster_that_can_gets_full_english_analysis(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    fresh(server).on("POST", "/_analyze", ENGLISH)
    changes = run(server, tmp_path)
    assert changes[THE_TEMPLATE].detail == "english analysis"
    (template,) = server.asked("PUT", "/_index_template/flagpost-items")
    analysis = template.body["template"]["settings"]["analysis"]
    assert analysis["analyzer"]["flagpost_text"]["filter"] == list(mapping.ENGLISH_FILTERS)
    (index,) = server.asked("PUT", f"/{INDEX}")
    assert index.body["settings"]["analysis"] == analysis
    assert index.body["aliases"] == {
        "flagpost-items": mapping.read_alias(),
        "flagpost-items-write": {"is_write_index": True},
    }


@pytest.mark.parametrize("answer", [tokens("cafés", "running", "o'brien's"), tokens("cafe", "running", "o'brien")])
def test_filters_that_do_not_stem_and_fold_are_not_taken_for_english(
    server: ScriptedElasticsearch, tmp_path: Path, answer: dict[str, Any]
) -> None:
    fresh(server).on("POST", "/_analyze", answer)
    run(server, tmp_path)
    (template,) = server.asked("PUT", "/_index_template/flagpost-items")
    assert template.body["template"]["settings"]["analysis"]["analyzer"]["flagpost_text"] == {"type": "standard"}


def test_a_cluster_without_the_filters_gets_the_standard_analysis(
    server: ScriptedElasticsearch, tmp_path: Path
) -> None:
    fresh(server).on("POST", "/_analyze", {"error": {"type": "illegal_argument_exception"}, "status": 400}, 400)
    assert run(server, tmp_path)[THE_TEMPLATE].detail == "standard analysis"
    (template,) = server.asked("PUT", "/_index_template/flagpost-items")
    assert template.body["_meta"]["flagpost"]["analysis"] == "standard"


def test_a_dry_run_writes_nothing(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    fresh(server).on("POST", "/_analyze", ENGLISH)
    changes = run(server, tmp_path, dry_run=True)
    assert changes[THE_INDEX].state == "created"
    assert server.writes == []


def test_what_is_right_already_is_left_alone(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    holding(server, mapping.template("english"), flagpost_items_v1=there("english")).on("POST", "/_analyze", ENGLISH)
    changes = run(server, tmp_path)
    assert {change.state for change in changes.values()} == {"unchanged"}
    assert server.writes == []


def test_an_index_keeps_its_analysis_and_setup_says_so(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    holding(server, mapping.template("standard"), flagpost_items_v1=there("standard")).on("POST", "/_analyze", ENGLISH)
    changes = run(server, tmp_path)
    assert "analysis" in changes[THE_INDEX].attention
    assert changes[THE_INDEX].state == "unchanged"
    assert server.writes == [f"PUT /_index_template/{index.alias}" for index in mapping.INDICES]


def test_new_fields_are_added_to_an_index_that_is_there(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    index = there("english", revision=0)
    del index["mappings"]["properties"]["geo"]
    index["mappings"]["_meta"]["somebody"] = "else"
    holding(server, mapping.template("english"), flagpost_items_v1=index).on("POST", "/_analyze", ENGLISH)
    change = run(server, tmp_path)[THE_INDEX]
    assert change.state == "updated"
    assert "new field geo" in change.detail
    (put,) = server.asked("PUT", f"/{INDEX}/_mapping")
    assert put.body["properties"]["geo"] == mapping.mappings()["properties"]["geo"]
    assert put.body["_meta"] == {**mapping.mappings()["_meta"], "somebody": "else"}


def test_a_change_that_an_index_can_not_take_is_explained(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    index = there("english")
    index["mappings"]["properties"]["@timestamp"] = {"type": "keyword"}
    refusal = {"error": {"type": "illegal_argument_exception", "reason": "cannot be changed"}, "status": 400}
    holding(server, mapping.template("english"), flagpost_items_v1=index).on("POST", "/_analyze", ENGLISH)
    server.instead("PUT", f"/{INDEX}/_mapping", refusal, 400)
    with pytest.raises(NotSetUp, match="@timestamp changed") as refused:
        run(server, tmp_path)
    assert "next generation" in refused.value.hint


def test_what_a_newer_flagpost_made_is_not_taken_back(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    newer = mapping.ITEMS.revision + 1
    template = mapping.template("english")
    template["_meta"]["flagpost"]["revision"] = newer
    holding(server, template, flagpost_items_v1=there("english", newer)).on("POST", "/_analyze", ENGLISH)
    changes = run(server, tmp_path)
    assert "newer" in changes[THE_TEMPLATE].attention
    assert f"revision {newer}" in changes[THE_INDEX].attention
    assert server.writes == []


def test_aliases_that_name_another_generation_stay(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    old, new = there("english", aliases={}), there("english")
    holding(server, mapping.template("english"), flagpost_items_v1=old, flagpost_items_v2=new)
    server.on("POST", "/_analyze", ENGLISH)
    changes = run(server, tmp_path)
    assert "flagpost-items-v2" in changes["alias flagpost-items-write"].attention
    assert server.writes == []


def test_an_alias_that_lost_its_filter_gets_it_back(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    index = there("english", aliases={"flagpost-items": {}, "flagpost-items-write": {"is_write_index": True}})
    holding(server, mapping.template("english"), flagpost_items_v1=index).on("POST", "/_analyze", ENGLISH)
    assert run(server, tmp_path)["alias flagpost-items"].state == "updated"
    (put,) = server.asked("POST", "/_aliases")
    assert put.body["actions"] == [{"add": {"index": INDEX, "alias": "flagpost-items", **mapping.read_alias()}}]


def test_copies_follow_the_settings(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    holding(server, mapping.template("english", replicas=1), flagpost_items_v1=there("english"))
    server.on("POST", "/_analyze", ENGLISH)
    change = run(server, tmp_path, elasticsearch_replicas=1, elasticsearch_shards=2)[THE_INDEX]
    assert "number_of_replicas 0 → 1" in change.detail
    assert "1 shards, 2 are wanted" in change.attention
    (put,) = server.asked("PUT", f"/{INDEX}/_settings")
    assert put.body == {"index": {"number_of_replicas": 1}}


def test_an_index_under_the_name_of_an_alias_is_refused(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    holding(server, mapping.template("english"), flagpost_items={"mappings": {}}).on("POST", "/_analyze", ENGLISH)
    with pytest.raises(NotSetUp, match="flagpost-items is an index"):
        run(server, tmp_path)


def test_a_missing_right_is_explained(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    server.on("GET", "/flagpost-items*", {}).on("PUT", "/_index_template/flagpost-items", OK).on(
        "POST", "/_analyze", ENGLISH
    )
    server.on("PUT", f"/{INDEX}", {"error": {"type": "security_exception"}, "status": 403}, 403)
    with pytest.raises(AccessRefused, match="does not allow"):
        run(server, tmp_path)


def test_an_index_that_another_setup_made_meanwhile_is_taken_as_it_is(
    server: ScriptedElasticsearch, tmp_path: Path
) -> None:
    """A Job on the cluster and a person at a terminal, at the same moment."""
    fresh(server).on("POST", "/_analyze", ENGLISH)
    taken = {"error": {"type": "resource_already_exists_exception"}, "status": 400}
    server.instead("PUT", f"/{INDEX}", taken, 400).on("GET", "/flagpost-items*", {INDEX: there("english")})
    changes = run(server, tmp_path)
    assert changes[THE_INDEX].state == "unchanged"
    assert changes["alias flagpost-items"].state == "unchanged"
    assert changes["index flagpost-audit-v1"].state == "created"


def test_an_index_that_is_refused_for_anything_else_is_an_error(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    fresh(server).on("POST", "/_analyze", ENGLISH)
    server.instead("PUT", f"/{INDEX}", {"error": {"type": "validation_exception"}, "status": 400}, 400)
    with pytest.raises(ElasticsearchUnavailable, match="validation_exception"):
        run(server, tmp_path)


def test_shards_that_do_not_start_need_attention(server: ScriptedElasticsearch, tmp_path: Path) -> None:
    fresh(server).on("POST", "/_analyze", ENGLISH)
    server.instead("PUT", f"/{INDEX}", {**OK, "shards_acknowledged": False})
    assert "shards have not started" in run(server, tmp_path)[THE_INDEX].attention


def test_something_else_at_the_address_is_told_apart(tmp_path: Path) -> None:
    with ScriptedElasticsearch(is_elasticsearch=False) as server:
        server.on("POST", "/_analyze", ENGLISH)
        with pytest.raises(ElasticsearchUnavailable, match="not Elasticsearch"):
            run(server, tmp_path)
