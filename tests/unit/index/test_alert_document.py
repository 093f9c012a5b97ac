"""The document of an alert: what is searched of it, and what it must not hold."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.index.alert_document import alert_document_of
from schemas import codec, mapping
from schemas.alert import Alert
from schemas.identity import document_id
from schemas.topics import ALERTS
from tests.doubles.manual_clock import START
from tests.unit.index.test_document import unmapped

EXAMPLES = Path(mapping.__file__).parent / "examples" / "alerts" / "good"


def example(name: str) -> Alert:
    found: Alert = codec.decode(ALERTS, (EXAMPLES / name).read_bytes())
    return found


def document(alert: Alert) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(codec.encode(alert_document_of(alert, START)))
    return found


@pytest.mark.parametrize("name", ["open.json", "about-flagpost.json"])
def test_every_field_of_an_alert_is_in_the_strict_mapping(name: str) -> None:
    assert unmapped(document(example(name)), mapping.mappings(mapping.ALERTS)["properties"]) == []


def test_ecs_names_are_used_where_ecs_has_a_word() -> None:
    body = document(example("open.json"))
    assert body["@timestamp"] == body["event"]["start"] == "2026-08-15T11:00:01Z"
    assert body["event"]["id"] == "abcdefghijkl2345"
    assert body["event"]["kind"] == "alert"
    assert body["rule"] == {"name": "immediate"}
    assert body["message"] == "immediate: help_request · Castle Sands"


def test_an_alert_about_flagpost_itself_says_what_is_wrong() -> None:
    assert document(example("about-flagpost.json"))["message"] == "classify is 75 s behind"


def test_it_says_how_its_pages_went_and_where_its_items_are() -> None:
    found = document(example("open.json"))["flagpost"]["alert"]
    assert (found["severity"], found["state"], found["count"]) == ("critical", "open", 1)
    assert (found["channels"], found["recipients"]) == (["pager"], ["duty-inspector"])
    assert found["pages"][0]["end"] == "delivered"
    uid = "x:2056137566688544070"
    assert found["uids"] == [uid]
    assert found["items"] == [{"document": document_id(*uid.split(":")), "uid": uid, "state": "live"}]


def test_it_says_how_long_nobody_had_acknowledged_it() -> None:
    alert = example("open.json")
    assert "acknowledged_after" not in document(alert)["flagpost"]["alert"]
    acknowledged = msgspec.structs.replace(alert, acknowledged_at=alert.opened_at + dt.timedelta(minutes=2, seconds=5))
    assert document(acknowledged)["flagpost"]["alert"]["acknowledged_after"] == 125


def test_it_holds_no_text_of_a_post_and_no_token() -> None:
    """A post that is deleted later must not live on in it."""
    alert = example("open.json")
    told = json.dumps(document(alert))
    excerpt = alert.items[0].excerpt
    assert excerpt is not None
    assert excerpt.text not in told
    assert "spent" not in told
    assert "likeness" not in told
