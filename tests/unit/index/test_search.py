from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pipeline.circle import Circle
from pipeline.index.search import Search, query, request
from tests.doubles.manual_clock import START

NEWEST = [{"@timestamp": "desc"}, {"flagpost.uid": "asc"}]


def filters(**fields: Any) -> list[dict[str, Any]]:
    """Those that are asked for: what was dismissed is hidden unless it is asked for, too."""
    found: list[dict[str, Any]] = query(Search(dismissed=True, **fields))["bool"]["filter"]
    return found


def test_without_words_everything_is_found_newest_first() -> None:
    assert query(Search(text="  ", dismissed=True))["bool"] == {"must": [{"match_all": {}}], "filter": []}
    assert request(Search(sort="relevance"))["sort"] == NEWEST


def test_all_words_must_be_there_and_phrases_stand_as_they_are() -> None:
    (words,) = query(Search(text='knife "bus stop"'))["bool"]["must"]
    asked = words["simple_query_string"]
    assert asked["query"] == 'knife "bus stop"'
    assert asked["default_operator"] == "and"
    assert asked["quote_field_suffix"] == ".exact"


def test_relevance_comes_before_the_date_when_it_is_asked_for() -> None:
    assert request(Search(text="knife", sort="relevance"))["sort"] == [{"_score": "desc"}, *NEWEST]
    assert request(Search(text="knife"))["sort"] == NEWEST


def test_a_label_may_be_any_of_an_items_or_its_first() -> None:
    (label,) = filters(labels=("intel", "complaint"))
    assert label["bool"]["should"] == [
        {"terms": {"flagpost.label": ["intel", "complaint"]}},
        {"terms": {"flagpost.also": ["intel", "complaint"]}},
    ]
    (first,) = filters(labels=("intel",), primary_only=True)
    assert first["bool"]["should"] == [{"terms": {"flagpost.label": ["intel"]}}]


def test_times_are_bounds_of_which_the_last_is_exclusive() -> None:
    until = START + dt.timedelta(hours=1)
    assert filters(since=START, until=until) == [
        {"range": {"@timestamp": {"gte": "2026-08-15T12:00:00+00:00", "lt": "2026-08-15T13:00:00+00:00"}}}
    ]
    assert filters(since=START) == [{"range": {"@timestamp": {"gte": "2026-08-15T12:00:00+00:00"}}}]


def test_every_condition_filters() -> None:
    found = filters(grades=("immediate",), sources=("x", "rss"), unsure=True, near=Circle(51.5, -0.1, 2))
    assert found == [
        {"terms": {"flagpost.grade": ["immediate"]}},
        {"terms": {"flagpost.source": ["x", "rss"]}},
        {"geo_distance": {"distance": "2km", "geo.location": {"lat": 51.5, "lon": -0.1}}},
        {"term": {"flagpost.unsure": True}},
    ]


def test_what_was_dismissed_is_hidden_unless_it_is_asked_for() -> None:
    hidden = {"bool": {"must_not": [{"term": {"flagpost.review.dismissed": True}}]}}
    assert query(Search())["bool"]["filter"] == [hidden]
    assert filters() == []


def test_what_was_decided_on_and_what_was_not_can_be_asked_for() -> None:
    decided = {"exists": {"field": "flagpost.review.at"}}
    assert filters(reviewed=True) == [decided]
    assert filters(reviewed=False) == [{"bool": {"must_not": [decided]}}]


@pytest.mark.parametrize(
    ("place", "pattern"), [("camden", "*camden*"), ("camden*", "camden*"), ("L?ndon", "L?ndon"), ("a\\b", "*a\\\\b*")]
)
def test_a_place_is_found_anywhere_in_the_name_or_by_its_pattern(place: str, pattern: str) -> None:
    assert filters(place=place) == [{"wildcard": {"geo.name": {"value": pattern, "case_insensitive": True}}}]


def test_a_circle_holds_what_was_written_in_it_and_where_asked_for_what_mentions_it() -> None:
    circle = {"distance": "2km", "geo.location": {"lat": 51.5, "lon": -0.1}}
    mentioned = {"distance": "2km", "geo.mentioned.location": {"lat": 51.5, "lon": -0.1}}
    assert filters(near=Circle(51.5, -0.1, 2)) == [{"geo_distance": circle}]
    (either,) = filters(near=Circle(51.5, -0.1, 2), near_mentioned=True)
    assert either["bool"]["should"] == [{"geo_distance": circle}, {"geo_distance": mentioned}]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"vehicle": "ab12 cde"}, {"term": {"related.registration_marks": {"value": "AB12CDE"}}}),
        ({"vehicle": "ab12*"}, {"wildcard": {"related.registration_marks": {"value": "AB12*"}}}),
        ({"postcode": "sw1a1aa"}, {"term": {"related.postcodes": "SW1A 1AA"}}),
        ({"phone": "07700 900123"}, {"term": {"related.phones": "+447700900123"}}),
        ({"phone": "+44 (0)7700-900123"}, {"term": {"related.phones": "+447700900123"}}),
        ({"what3words": "///Filled.Count.Soap"}, {"term": {"related.what3words": "filled.count.soap"}}),
        ({"road": "a27"}, {"term": {"related.roads": "A27"}}),
        ({"road": "m1 junction 12"}, {"term": {"related.roads": "M1 J12"}}),
        ({"mentions": "bury st. edmunds"}, {"term": {"related.places": "Bury St Edmunds"}}),
        ({"mentions": "hull"}, {"term": {"related.places": "Kingston upon Hull"}}),
    ],
    ids=str,
)
def test_what_a_text_names_is_looked_for_as_it_is_stored(given: dict[str, str], asked: dict[str, Any]) -> None:
    assert filters(**given) == [asked]


def test_half_a_postcode_finds_what_lies_in_it() -> None:
    (half,) = filters(postcode="sn1")
    assert half["bool"]["should"] == [{"term": {"related.postcodes": "SN1"}}, {"prefix": {"related.postcodes": "SN1 "}}]


def test_the_name_of_a_road_or_of_an_unknown_place_is_found_by_a_part_of_it() -> None:
    (road,) = filters(road="st. john's rd")
    assert road["wildcard"]["related.roads"]["value"] == "*St Johns Road*"
    (place,) = filters(mentions="tarnb")
    assert place["wildcard"]["related.places"] == {"value": "*tarnb*", "case_insensitive": True}


def test_an_author_is_found_with_and_without_the_at_sign() -> None:
    (author,) = filters(author="@Bob")
    asked = [(field, term["value"]) for one in author["bool"]["should"] for field, term in one["term"].items()]
    assert ("user.name", "Bob") in asked
    assert ("user.name", "@Bob") in asked
