from __future__ import annotations

from pipeline.settings import Settings
from pipeline.setup.index_plan import Names, alias_change, aliases_of, index_plan, mapping_differences, template_change
from schemas import mapping

KEYWORD = {"type": "keyword", "ignore_above": 8191}


def test_names_carry_the_namespace() -> None:
    settings = Settings(namespace="north")
    names = Names.of(settings, mapping.ITEMS)
    assert names.index == "north-flagpost-items-v1"
    assert names.read_alias == "north-flagpost-items"
    assert names.write_alias == "north-flagpost-items-write"
    assert mapping.template("english", namespace="north")["index_patterns"] == ["north-flagpost-items-v*"]
    alerts = Names.of(settings, mapping.ALERTS)
    assert (alerts.index, alerts.write_alias) == ("north-flagpost-alerts-v1", "north-flagpost-alerts-write")


def test_of_the_items_people_search_what_is_not_withdrawn_and_of_the_alerts_all() -> None:
    for index, body in (
        (mapping.ITEMS, {"filter": {"bool": {"must_not": [{"term": {"flagpost.withdrawn": True}}]}}}),
        (mapping.ALERTS, {}),
    ):
        names = Names.of(Settings(), index)
        assert aliases_of(names, index) == {names.read_alias: body, names.write_alias: {"is_write_index": True}}


def test_fields_that_are_new_and_fields_that_changed_are_told_apart() -> None:
    found = {"a": KEYWORD, "o": {"properties": {"x": {"type": "long"}}}, "more": KEYWORD}
    wanted = {"a": {"type": "text"}, "b": KEYWORD, "o": {"properties": {"x": {"type": "long"}, "y": {"type": "date"}}}}
    assert mapping_differences(found, wanted) == (["b", "o.y"], ["a"])


def test_text_and_numbers_of_one_value_are_no_difference() -> None:
    found = {"a": {"type": "keyword", "ignore_above": "8191"}, "o": {"type": "object", "enabled": "false"}}
    assert mapping_differences(found, {"a": KEYWORD, "o": {"type": "object", "enabled": False}}) == ([], [])


def test_what_elasticsearch_adds_to_a_template_is_no_difference() -> None:
    wanted = mapping.template("standard")
    inner = wanted["template"]
    settings = {"index": {"number_of_shards": "1", "number_of_replicas": "0", "refresh_interval": "1s"}}
    settings["index"]["analysis"] = inner["settings"]["analysis"]
    found = {**wanted, "template": {**inner, "settings": settings}, "composed_of": [], "created_date_millis": 5}
    assert template_change("t", found, wanted).state == "unchanged"
    settings["index"]["refresh_interval"] = "30s"
    assert template_change("t", found, wanted).state == "updated"


def test_an_index_of_an_older_revision_gets_the_whole_mapping() -> None:
    wanted = mapping.template("standard")
    found = {"mappings": {"properties": wanted["template"]["mappings"]["properties"]}, "settings": {"index": {}}}
    plan = index_plan("i", found, wanted)
    assert plan.mapping == wanted["template"]["mappings"]
    assert f"mapping revision none → {mapping.ITEMS.revision}" in plan.change.detail
    assert "dynamic true → strict" in plan.change.detail


def test_an_alias_of_another_generation_is_left() -> None:
    change = alias_change("w", {}, "v1", {"v1": {"aliases": {}}, "v2": {"aliases": {"w": {}}}})
    assert (change.state, "names v2 and not v1" in change.attention) == ("unchanged", True)
