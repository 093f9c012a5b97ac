"""Which rules match an item, and what makes items one story."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.match import Matcher, group_of
from pipeline.alert.rules import Rule
from schemas.item import Decision, Item
from schemas.labels import FLAGGED, GRADES
from schemas.post import Place
from schemas.verdict import Scores, Verdict
from tests.doubles.manual_clock import START
from tests.messages import post
from tests.unit.alert.files import rule

SCORES = Scores(intel=0.6, help_request=0.3, complaint=0.05, chatter=0.05)


def item(text: str = "lads dealing by the pier", place: str | None = None, **verdict: Any) -> Item:
    fields = {"label": "intel", "scores": SCORES, "grade": "routine", "model": "keywords@1", "activation": 1}
    return Item(
        post=post(text=text, place=Place(name=place) if place else None),
        verdict=Verdict(**{**fields, **verdict}),
        judged_at=START,
    )


def reviewed(one: Item, **decision: Any) -> Item:
    return msgspec.structs.replace(one, reviews=1, review=Decision(by="r.hughes", at=START, **decision))


def matches(when: dict[str, Any], one: Item) -> bool:
    return bool(Matcher([rule(when=when)]).matches(one))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"labels": ["intel"]}, True),
        ({"labels": ["complaint"]}, True),  # the item is one, too
        ({"labels": ["help_request"]}, False),
        ({"grades": ["immediate", "routine"]}, True),
        ({"grades": ["immediate"]}, False),
        ({"least_score": 0.6}, True),
        ({"least_score": 0.61}, False),
        ({"labels": ["complaint"], "least_score": 0.5}, False),
        ({"words": ["dealing"]}, True),
        ({"words": ["fight", "deal*"]}, True),
        ({"words": ["deal"]}, False),
        ({"places": ["castle sands"]}, True),
        ({"places": ["the pier"]}, True),  # it stands in the text
        ({"places": ["Tarn Point"]}, False),
        ({"sources": ["x"]}, True),
        ({"sources": ["nextdoor"]}, False),
        ({"labels": ["intel"], "words": ["dealing"], "places": ["pier"], "sources": ["mastodon"]}, False),
    ],
)
def test_everything_that_is_named_must_hold_and_one_of_each_list(when: dict[str, Any], expected: bool) -> None:
    assert matches(when, item(place="Castle Sands", also=["complaint"])) == expected


def test_what_an_analyst_decided_counts_and_not_what_the_model_said() -> None:
    one = reviewed(item(), label="help_request", grade="immediate", also=[])
    assert matches({"labels": ["help_request"], "grades": ["immediate"], "least_score": 0.99}, one)
    assert not matches({"labels": ["intel"]}, one)


def test_a_dismissed_item_matches_nothing() -> None:
    assert not matches({}, reviewed(item(grade="immediate"), dismissed=True))


@pytest.mark.parametrize(
    ("when", "verdict", "expected"),
    [
        ({}, {}, False),
        ({"unsure": True}, {}, True),
        ({}, {"grade": "immediate"}, True),
    ],
)
def test_an_unsure_item_pages_nobody_unless_it_may_be_immediate_or_the_rule_wants_it(
    when: dict[str, Any], verdict: dict[str, Any], expected: bool
) -> None:
    assert matches(when, item(unsure=True, **verdict)) == expected


def test_what_a_person_has_looked_at_is_unsure_no_more() -> None:
    assert matches({}, reviewed(item(unsure=True), note="seen"))


def test_matches_stand_in_the_order_of_the_file_with_the_rules_severity() -> None:
    rules = [rule("b", severity="error"), rule("a", {"labels": ["complaint"]}), rule("c", severity="info")]
    assert [(one.rule, one.severity) for one in Matcher(rules).matches(item())] == [("b", "error"), ("c", "info")]


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        ([], ""),
        (["label"], "intel"),
        (["place", "label"], "Castle Sands · intel"),
        (["grade", "source"], "routine · x"),
    ],
)
def test_a_group_is_the_values_in_the_rules_order(group_by: list[str], expected: str) -> None:
    assert group_of(rule(group_by=group_by), item(place=" Castle  Sands ")) == expected


def test_two_items_without_a_place_have_no_place_in_common() -> None:
    one, other = item(), item()
    other = msgspec.structs.replace(other, post=post("2"))
    assert group_of(rule(), one) != group_of(rule(), other)
    assert group_of(rule(), one) == group_of(rule(), item("the same post, edited"))


def test_a_group_fits_its_field_whatever_the_place_is_called() -> None:
    assert len(group_of(rule(group_by=["place", "label", "place"]), item(place="x" * 512))) == 512


@given(
    st.builds(
        lambda when: rule(when=when),
        st.fixed_dictionaries(
            {},
            optional={
                "labels": st.lists(st.sampled_from(FLAGGED)),
                "grades": st.lists(st.sampled_from(GRADES)),
                "least_score": st.floats(0, 1),
                "words": st.lists(st.sampled_from(["dealing", "pier", "gun"])),
                "unsure": st.booleans(),
            },
        ),
    ),
    st.builds(
        item,
        st.sampled_from(["lads dealing", "off the pier with a gun", ""]),
        label=st.sampled_from(FLAGGED),
        grade=st.sampled_from(GRADES),
        unsure=st.booleans(),
    ),
)
def test_asking_for_less_never_matches_less(asked: Rule, one: Item) -> None:
    if not Matcher([asked]).matches(one):
        return
    for field in ("labels", "grades", "words"):
        wider = msgspec.structs.replace(asked, when=msgspec.structs.replace(asked.when, **{field: []}))
        assert Matcher([wider]).matches(one)
    lower = msgspec.structs.replace(asked.when, least_score=0.0, unsure=True)
    assert Matcher([msgspec.structs.replace(asked, when=lower)]).matches(one)
