from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.circle import Circle
from pipeline.index.document import document_of
from schemas import codec, mapping
from schemas.identity import document_id
from schemas.item import Decision, Withdrawn
from schemas.post import Author, Media, Place
from tests.doubles.manual_clock import START
from tests.messages import item, post


def document(**fields: Any) -> dict[str, Any]:
    return msgspec.json.decode(codec.encode(document_of(item(**fields), START)))


def unmapped(body: dict[str, Any], properties: dict[str, Any], path: str = "") -> list[str]:
    """Fields of ``body`` that a strict mapping would refuse."""
    found = []
    for name, value in body.items():
        rule = properties.get(name)
        if rule is None:
            found.append(f"{path}{name}")
        elif "properties" in rule:
            parts = value if isinstance(value, list) else [value]
            found += [field for part in parts for field in unmapped(part, rule["properties"], f"{path}{name}.")]
    return found


def full() -> dict[str, Any]:
    return {
        "author": Author("7", "@mo", "Mo"),
        "url": "https://x.example/1",
        "lang": "en",
        "reply_to": "5",
        "repost_of": "6",
        "place": Place("Pier", 53.9, 0.6),
        "media": [Media("https://x.example/p.jpg", "image", "a pier")],
        "read_at": START,
        "extra": {"likes": 3, "nested": {"a": [1]}},
    }


def full_document(text: str) -> dict[str, Any]:
    review = Decision(
        by="a.khan",
        at=START,
        label="complaint",
        also=["intel"],
        grade="prompt",
        dismissed=True,
        note="seen from the bus",
    )
    return document(post=post(text=text, **full()), reviews=1, review=review)


NAMES_ALL = (
    "@eve @mo white van AB12 CDE left 3 Foundry Rd, Swindon SN1 9ZX for the M1 J12,"
    " rang 07700 900123 from ///filled.count.soap"
)


def test_every_field_of_a_full_item_is_in_the_strict_mapping() -> None:
    body = full_document(NAMES_ALL)
    assert set(body["related"]) == set(mapping.mappings()["properties"]["related"]["properties"])
    assert unmapped(body, mapping.mappings()["properties"]) == []


def test_what_the_text_names_stands_in_one_way_of_writing_it() -> None:
    assert full_document(NAMES_ALL)["related"] == {
        "user": ["mo", "eve"],
        "registration_marks": ["AB12CDE"],
        "postcodes": ["SN1 9ZX"],
        "phones": ["+447700900123"],
        "what3words": ["filled.count.soap"],
        "roads": ["M1", "M1 J12", "Foundry Road"],
        "places": ["Swindon"],
    }


def test_a_place_that_is_only_mentioned_never_stands_for_the_one_where_it_was_written() -> None:
    geo = full_document(NAMES_ALL)["geo"]
    (swindon,) = geo.pop("mentioned")
    assert geo == {"name": "Pier", "location": {"lat": 53.9, "lon": 0.6}}
    assert swindon == {"name": "Swindon", "location": {"lat": 51.558, "lon": -1.7812}}
    nowhere = document(text="a van in Swindon")["geo"]
    assert set(nowhere) == {"mentioned"}


def test_every_field_of_a_tombstone_is_in_the_strict_mapping_and_none_tells_the_text() -> None:
    withdrawn = Withdrawn(source="x", id="1", reason="deleted", revision=START, withdrawn_at=START, activation=1)
    body = msgspec.json.decode(codec.encode(document_of(withdrawn, START)))
    assert unmapped(body, mapping.mappings()["properties"]) == []
    assert body["flagpost"]["withdrawn"] is True
    assert set(body) == {"@timestamp", "event", "flagpost"}


def test_of_several_towns_of_one_name_the_posts_own_place_tells_which_and_else_the_area() -> None:
    wight, gwent = Circle(50.7, -1.3, 20), Circle(51.59, -3.0, 20)
    text = "fight in Newport"

    def latitudes(place: Place | None, area: Circle | None) -> list[float]:
        body = document_of(item(post=post(text=text, place=place)), START, area)
        return [town.location.lat for town in (body.geo.mentioned if body.geo else [])]

    assert latitudes(None, None) == []
    assert latitudes(None, wight) == pytest.approx([50.7], abs=0.1)
    assert latitudes(Place("here", gwent.lat, gwent.lon), wight) == pytest.approx([51.59], abs=0.1)


def test_ecs_names_are_used_where_ecs_has_a_word() -> None:
    body = full_document("dealing by @eve and @mo")
    assert body["@timestamp"] == "2026-08-15T11:59:00Z"
    assert body["event"]["kind"] == "alert"
    assert body["event"]["url"] == "https://x.example/1"
    assert body["user"] == {"id": "7", "name": "@mo", "full_name": "Mo"}
    assert body["geo"] == {"name": "Pier", "location": {"lat": 53.9, "lon": 0.6}}
    assert body["related"]["user"] == ["mo", "eve"]


def test_what_the_analyst_decided_is_what_is_searched_and_what_the_model_said_stands_beside_it() -> None:
    verdict = msgspec.structs.replace(item().verdict, also=["complaint"])
    plain = document(verdict=verdict)["flagpost"]
    assert (plain["label"], plain["also"], plain["grade"]) == ("intel", ["complaint"], "routine")
    assert plain["verdict"] == {"label": "intel", "also": ["complaint"], "grade": "routine"}
    assert "review" not in plain
    review = Decision(by="a.khan", at=START, label="complaint", grade="prompt")
    decided = document(verdict=verdict, reviews=1, review=review)["flagpost"]
    assert (decided["label"], decided.get("also", []), decided["grade"]) == ("complaint", [], "prompt")
    assert decided["verdict"] == plain["verdict"]
    assert decided["review"] == {
        "by": "a.khan",
        "at": "2026-08-15T12:00:00Z",
        "label": "complaint",
        "grade": "prompt",
    }


def test_what_was_dismissed_keeps_the_models_label_and_is_marked() -> None:
    review = Decision(by="a.khan", at=START, dismissed=True)
    dismissed = document(reviews=1, review=review)["flagpost"]
    assert (dismissed["label"], dismissed["grade"], dismissed["review"]["dismissed"]) == ("intel", "routine", True)


def test_a_document_can_be_found_by_the_first_characters_of_its_id() -> None:
    assert document()["event"]["id"] == document_id("x", "1")


def test_a_clock_that_runs_ahead_is_marked() -> None:
    ahead = document(post=post(created_at=START + dt.timedelta(minutes=5), read_at=START))
    assert ahead["flagpost"]["clock_skew"] is True


@pytest.mark.parametrize(("text", "handles"), [("mail a@b.example", []), ("@one,@two.", ["one", "two"])])
def test_handles_are_found_and_mail_addresses_are_not(text: str, handles: list[str]) -> None:
    assert document(text=text).get("related", {}).get("user", []) == handles


@given(st.text(max_size=300).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_any_text_makes_a_document(text: str) -> None:
    assert document(text=text)["message"] == text
