"""`flagpost setup` with a Kibana beside the real Kafka and Elasticsearch."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.doubles.scripted_kibana import ScriptedKibana, error
from tests.servers import Flagpost

pytestmark = pytest.mark.integration


@pytest.fixture
def kibana() -> Iterator[ScriptedKibana]:
    with ScriptedKibana() as server:
        yield server


def test_setup_imports_into_the_kibana_that_is_named_and_a_second_run_changes_nothing(
    flagpost: Flagpost, kibana: ScriptedKibana
) -> None:
    dry = flagpost("setup", "--dry-run", "--kibana", kibana.url)
    assert dry.code == 0
    assert "would be created  [" in dry.out
    assert kibana.saved == {}
    ran = flagpost("setup", "--kibana", kibana.url)
    assert ran.code == 0
    assert "dashboard " in ran.out
    assert len(kibana.saved) == 14
    again = flagpost("setup", "--json", env={"kibana_url": kibana.url})
    assert {one["state"] for one in json.loads(again.out)["changes"]} == {"unchanged"}


def test_without_one_none_is_asked(flagpost: Flagpost, kibana: ScriptedKibana) -> None:
    assert flagpost("setup").code == 0
    assert kibana.asked == []


def test_what_kibana_refuses_takes_nothing_back_of_what_was_made_before(
    flagpost: Flagpost, kibana: ScriptedKibana
) -> None:
    kibana.script_path("/api/saved_objects/_import", error(403, "Unable to bulk_create dashboard"))
    ran = flagpost("setup", "--json", "--kibana", kibana.url)
    assert ran.code == 4
    told = json.loads(ran.out)
    assert "Unable to bulk_create dashboard" in told["error"]["message"]
    assert {one["kind"] for one in told["changes"]} == {"topic", "template", "index", "alias"}


def test_an_address_that_is_none_is_refused_before_anything_is_made(flagpost: Flagpost) -> None:
    ran = flagpost("setup", "--kibana", "kibana:5601")
    assert ran.code == 2
    assert "address of Kibana is wrong" in ran.err
    assert ran.out == ""
