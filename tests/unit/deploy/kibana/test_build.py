"""What stands in the file that is imported: what the definition says, in Kibana's structure, complete."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from deploy.kibana.build import FILE, ndjson, saved_objects
from deploy.kibana.dashboards import DASHBOARDS
from deploy.kibana.names import Names
from deploy.kibana.panels import COLUMNS
from tests.unit.deploy.kibana.structure import hold, references_used

OBJECTS = saved_objects(Names())
BY_TITLE = pytest.mark.parametrize("saved", OBJECTS, ids=[f"{one['type']}-{one['id']}" for one in OBJECTS])


def test_the_committed_file_is_what_the_definition_makes() -> None:
    assert FILE.read_text("utf-8") == ndjson(), "run `make generated` and commit the result"


@BY_TITLE
def test_an_object_has_the_structure_of_kibana_8_19(saved: dict[str, Any]) -> None:
    hold(saved)


@BY_TITLE
def test_a_field_that_kibana_does_not_know_is_noticed(saved: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unexpected"):
        hold({**saved, "attributes": {**saved["attributes"], "unexpected": 1}})


def test_a_column_that_lens_does_not_know_is_noticed() -> None:
    (triage,) = (one for one in OBJECTS if one["id"] == "flagpost-triage")
    panels = triage["attributes"]["panelsJSON"].replace('"operationType":"count"', '"operationType":"counts"')
    with pytest.raises(msgspec.ValidationError, match="counts"):
        hold({**triage, "attributes": {**triage["attributes"], "panelsJSON": panels}})


@BY_TITLE
def test_every_reference_is_used_and_every_use_has_its_reference(saved: dict[str, Any]) -> None:
    names = [reference["name"] for reference in saved["references"]]
    assert sorted(names) == sorted(references_used(saved))


def test_what_is_by_value_on_a_dashboard_names_the_references_that_the_dashboard_has() -> None:
    for saved in OBJECTS:
        if saved["type"] != "dashboard":
            continue
        outer = {reference["name"]: reference["id"] for reference in saved["references"]}
        for panel in json.loads(saved["attributes"]["panelsJSON"]):
            for inner in panel["embeddableConfig"]["attributes"].get("references", []):
                assert outer[f"{panel['panelIndex']}:{inner['name']}"] == inner["id"]


def test_every_row_is_as_wide_as_the_grid() -> None:
    for dashboard in DASHBOARDS:
        for row in dashboard.rows:
            assert sum(row.widths) == COLUMNS, (dashboard.title, row.widths)


def test_with_a_namespace_ids_titles_and_indices_begin_with_it_and_no_field_does() -> None:
    plain, north = OBJECTS, saved_objects(Names("north"))
    for one, other in zip(plain, north, strict=True):
        assert other["id"] == f"north-{one['id']}"
        told = "name" if one["type"] == "index-pattern" else "title"
        assert other["attributes"][told] == one["attributes"][told].replace("[flagpost]", "[north-flagpost]")
        for mine, theirs in zip(one["references"], other["references"], strict=True):
            assert theirs == {**mine, "id": f"north-{mine['id']}"}
    titles = [one["attributes"]["title"] for one in north if one["type"] == "index-pattern"]
    assert titles == ["north-flagpost-items", "north-flagpost-items", "north-flagpost-alerts", "north-flagpost-audit"]
    assert "north-flagpost." not in ndjson("north")
