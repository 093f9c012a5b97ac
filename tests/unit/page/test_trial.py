"""Whom a test page goes to, and what it is."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.alert.rules import AlertmanagerChannel, Person, RulesFile, Shift
from pipeline.errors import InvalidInput
from pipeline.page.trial import Target, notice, targets
from tests.doubles.manual_clock import START

FILE = RulesFile(
    version=1,
    channels={
        "desk": AlertmanagerChannel(url="http://desk.example"),
        "sms": AlertmanagerChannel(url="http://sms.example"),
    },
    people={
        "brown": Person(channels={"desk": "", "sms": "+447700900123"}),
        "green": Person(channels={"desk": ""}),
        "white": Person(),
    },
    rota={"nights": [Shift(who=["green", "brown"]), Shift(who=["brown"])]},
)


def test_without_a_wish_everybody_is_paged_through_every_channel() -> None:
    assert targets(FILE) == [Target("brown", "desk"), Target("brown", "sms"), Target("green", "desk")]


def test_a_person_a_rota_or_a_channel_can_be_chosen() -> None:
    assert targets(FILE, to="green") == [Target("green", "desk")]
    assert targets(FILE, to="nights", channel="desk") == [Target("green", "desk"), Target("brown", "desk")]
    assert targets(FILE, channel="sms") == [Target("brown", "sms")]


@pytest.mark.parametrize(
    "wish", [{"to": "black"}, {"channel": "pigeon"}, {"to": "white"}, {"to": "green", "channel": "sms"}]
)
def test_nobody_to_page_is_an_error_and_no_success(wish: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        targets(FILE, **wish)


def test_what_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(InvalidInput) as told:
        targets(FILE, channel="pigeon")
    assert "'pigeon'" in told.value.message
    assert told.value.hint == "It has: desk, sms."


def test_a_test_page_is_marked_has_an_id_of_its_own_and_no_link() -> None:
    first, second = (notice(FILE, Target("brown", "sms"), START) for _ in range(2))
    assert first.test
    assert first.title.startswith("[TEST]")
    assert first.link is None
    assert first.address == "+447700900123"
    assert first.page.id != second.page.id
    assert first.alert.id != second.alert.id


def test_a_test_page_tells_the_time_of_the_rules_file() -> None:
    summer = dt.datetime(2026, 8, 15, 13, 0, tzinfo=dt.UTC)
    assert "14:00" in notice(FILE, Target("brown", "sms"), summer).text
