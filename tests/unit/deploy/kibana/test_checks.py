"""Every field, operation, query and reference of what is imported fits the mapping; and what would not is found."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from deploy.kibana.__main__ import main
from deploy.kibana.build import saved_objects
from deploy.kibana.checks import check, fields
from deploy.kibana.names import Names
from schemas.mapping import ALERTS, ITEMS


def altered(old: str, new: str) -> list[dict[str, Any]]:
    """The objects with other words in the JSON of their strings."""

    def other(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: other(value) for name, value in part.items()}
        return part.replace(old, new) if isinstance(part, str) else part

    return [{**one, "attributes": other(one["attributes"])} for one in saved_objects(Names())]


def problems(objects: list[dict[str, Any]]) -> set[str]:
    return {one.problem for one in check(objects) if one.problem}


def test_nothing_is_wrong_with_what_is_imported() -> None:
    found = list(check(saved_objects(Names())))
    assert [one for one in found if one.problem] == []
    assert len(found) > 400


def test_fields_are_those_of_the_generated_mapping() -> None:
    assert fields(ITEMS)["flagpost.review.at"] == "date"
    assert fields(ITEMS)["geo.mentioned.location"] == "geo_point"
    assert fields(ALERTS)["flagpost.alert.acknowledged_after"] == "long"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"sourceField":"user.name"', '"sourceField":"user.nam"', "user.nam is not in the mapping"),
        ('"sourceField":"user.name"', '"sourceField":"message"', "message is text"),
        ('"sourceField":"flagpost.alert.acknowledged_after"', '"sourceField":"rule.name"', "rule.name is keyword"),
        ('"sourceField":"flagpost.review.at"', '"sourceField":"flagpost.review.by"', "flagpost.review.by is keyword"),
        ('"flagpost.unsure: true', '"flagpost.unsur: true', "flagpost.unsur is not in the mapping"),
        ('"flagpost.unsure: true', '"geo.location: true', "geo.location is geo_point"),
        ('"flagpost.unsure: true', '"flagpost.unsure: tr*', "'*' is not expected in 'flagpost.unsure: tr*'"),
        ('\\"geoField\\": \\"geo.location\\"', '\\"geoField\\": \\"geo.name\\"', "geo.name is keyword"),
        ('"fieldName":"flagpost.grade"', '"fieldName":"@timestamp"', "@timestamp is date"),
        ('"event.url":{"id":"url"', '"geo.location":{"id":"url"', "geo.location is geo_point"),
        ('"columnId":"number-0","type"', '"columnId":"number-9","type"', "there is no column number-9"),
        ('"w":12', '"w":13', "it overlaps another"),
    ],
)
def test_what_would_fail_in_kibana_is_found(old: str, new: str, problem: str) -> None:
    assert problem in problems(altered(old, new))


def test_a_reference_to_what_is_not_in_the_file_is_found() -> None:
    objects = saved_objects(Names())
    objects[-1]["references"].append({"type": "index-pattern", "id": "elsewhere", "name": "a"})
    assert problems(objects) == {"there is no index-pattern elsewhere"}


def test_the_checks_are_printed_as_a_table_whose_last_line_counts_them() -> None:
    ran = CliRunner().invoke(main, ["check"], env={"COLUMNS": "250"})
    assert ran.exit_code == 0
    lines = ran.output.splitlines()
    assert lines[0].split() == ["object", "part", "how", "it", "was", "checked", "result"]
    assert any("[flagpost] Live triage" in line and "terms suits its type" in line for line in lines)
    assert lines[-1] == f"{len(lines) - 2} checks, 0 wrong."
