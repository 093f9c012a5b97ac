"""One story, one page: what is grouped, what is a repeat, and when news is told."""

from __future__ import annotations

import pytest

from pipeline.alert.likeness import PERMUTATIONS
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, escalating, later, matched, quiet, rule, rules

ONE = list(range(PERMUTATIONS))
NEARLY = [*range(PERMUTATIONS - 10), *range(1000, 1010)]
OTHER = list(range(5000, 5000 + PERMUTATIONS))

# Grouping


def test_items_of_one_group_are_one_alert() -> None:
    scene = Scene()
    scene.take(matched("1"), matched("2"), matched("3", group="station"))
    assert [(alert.group, alert.count) for alert in scene.alerts] in (
        [("harbour", 2), ("station", 1)],
        [("station", 1), ("harbour", 2)],
    )


def test_a_new_story_waits_for_more_of_it() -> None:
    scene = Scene(rules(rule(group_wait_seconds=30)))
    scene.take(matched("1"))
    scene.wait(seconds=20)
    scene.take(matched("2"))
    assert scene.pages == []
    scene.wait(seconds=10)
    assert scene.pages == [("open", "inspector")], "and not later, because more came"
    scene.wait(minutes=9)
    assert scene.pages == [("open", "inspector")], "the second was told with it"


def test_an_immediate_item_waits_for_nothing() -> None:
    scene = Scene(rules(rule(group_wait_seconds=30)))
    scene.take(matched("1", grade="immediate"))
    assert scene.pages == [("open", "inspector")]


def test_an_immediate_item_pulls_a_waiting_page_forward() -> None:
    scene = Scene(rules(rule(group_wait_seconds=300)))
    scene.take(matched("1"))
    scene.take(matched("2", grade="immediate"))
    assert scene.pages == [("open", "inspector")]


def test_news_come_once_in_a_group_interval() -> None:
    scene = Scene(rules(rule(group_interval_minutes=5, repeat_minutes=None)))
    scene.take(matched("0"))
    for number in range(1, 10):
        scene.wait(minutes=1)
        scene.take(matched(str(number)))
    assert scene.pages == [("open", "inspector"), ("more", "inspector")]
    scene.wait(minutes=5)
    assert scene.pages == [("open", "inspector"), ("more", "inspector"), ("more", "inspector")]
    scene.wait(hours=1)
    assert len(scene.pages) == 3, "without more news nothing more"


def test_news_of_an_immediate_item_come_within_a_minute() -> None:
    scene = Scene(rules(rule(group_interval_minutes=5, repeat_minutes=None)))
    scene.take(matched("1", grade="immediate"))
    scene.wait(seconds=10)
    scene.take(matched("2", grade="immediate"))
    assert scene.pages == [("open", "inspector")]
    scene.wait(seconds=50)
    assert scene.pages == [("open", "inspector"), ("more", "inspector")]


# Near-duplicates


def test_a_near_duplicate_raises_the_count_and_pages_nobody() -> None:
    scene = Scene(rules(rule(repeat_minutes=None)))
    scene.take(matched("1", likeness=ONE))
    scene.wait(minutes=30)
    assert scene.take(matched("2", group="elsewhere", likeness=NEARLY)) == ["joined"]
    scene.wait(minutes=30)
    assert scene.alert.count == 2
    assert scene.pages == [("open", "inspector")]


def test_two_texts_that_differ_are_two_stories() -> None:
    scene = Scene()
    scene.take(matched("1", likeness=ONE), matched("2", group="elsewhere", likeness=OTHER))
    assert len(scene.alerts) == 2


def test_the_same_words_about_two_places_are_two_stories() -> None:
    scene = Scene()
    scene.take(
        matched("1", group="pier", place="Pier", likeness=ONE), matched("2", group="mill", place="Mill", likeness=ONE)
    )
    assert len(scene.alerts) == 2


def test_texts_that_say_too_little_are_like_no_other() -> None:
    scene = Scene()
    scene.take(matched("1", group="a"), matched("2", group="b"))
    assert len(scene.alerts) == 2


def test_the_first_immediate_item_is_news_though_its_words_are_not() -> None:
    scene = Scene(rules(rule(repeat_minutes=None)))
    scene.take(matched("1", likeness=ONE))
    scene.wait(minutes=2)
    scene.take(matched("2", grade="immediate", likeness=ONE))
    scene.take(matched("3", grade="immediate", likeness=ONE))
    scene.wait(minutes=30)
    assert scene.pages == [("open", "inspector"), ("more", "inspector")]


# After an acknowledgement


def test_after_an_acknowledgement_only_an_immediate_item_pages() -> None:
    scene = Scene()
    scene.take(matched("1"))
    scene.act("acknowledge")
    scene.wait(minutes=10)
    scene.take(matched("2"))
    scene.wait(minutes=10)
    assert scene.pages == [("open", "inspector")]
    scene.take(matched("3", grade="immediate"))
    assert scene.pages == [("open", "inspector"), ("more", "inspector")]


def test_an_immediate_item_after_an_acknowledgement_pages_until_somebody_acknowledges_that_too() -> None:
    scene = Scene(rules(escalating(repeat_minutes=10)))
    scene.take(matched("1", grade="immediate"))
    scene.wait(minutes=6)
    scene.act("acknowledge")
    before = len(scene.pages)
    scene.wait(minutes=60)
    assert len(scene.pages) == before
    scene.take(matched("2", grade="immediate", likeness=OTHER))
    assert (scene.alert.state, scene.alert.step) == ("open", 0)
    assert "alert-open-again" in scene.acts
    scene.wait(minutes=6)
    assert {kind for kind, _ in scene.pages[before:]} >= {"more", "escalation"}
    scene.wait(minutes=30)
    assert "repeat" in {kind for kind, _ in scene.pages[before:]}
    scene.act("acknowledge", by="chief")
    after = len(scene.pages)
    scene.wait(minutes=60)
    assert (scene.alert.state, scene.alert.acknowledged_by, len(scene.pages)) == ("acknowledged", "chief", after)


def test_what_becomes_immediate_after_an_acknowledgement_opens_the_alert_again() -> None:
    scene = Scene(rules(rule(repeat_minutes=10)))
    scene.take(matched("1"))
    scene.act("acknowledge")
    scene.take(matched("1", version=2, grade="immediate"))
    assert scene.alert.state == "open"
    scene.wait(minutes=15)
    assert scene.pages[-2:] == [("changed", "inspector"), ("repeat", "inspector")]


# Quiet hours

NIGHT = later(START, hours=11)
"""Midnight in London."""


def test_in_quiet_hours_a_page_waits_until_they_are_over() -> None:
    scene = Scene(rules(rule(quiet=quiet("22:00", "07:00"))), now=NIGHT)
    scene.take(matched("1", at=NIGHT))
    scene.wait(hours=6, minutes=59)
    assert scene.pages == []
    scene.wait(minutes=1)
    assert scene.pages == [("open", "inspector")]


@pytest.mark.parametrize(
    ("begin", "end", "hours"), [("22:00", "07:00", 0), ("00:00", "07:00", 0), ("23:00", "06:00", 5.9)]
)
def test_quiet_hours_are_told_by_the_clock_on_the_wall(begin: str, end: str, hours: float) -> None:
    now = later(NIGHT, hours=hours)
    scene = Scene(rules(rule(quiet=quiet(begin, end))), now=now)
    scene.take(matched("1", at=now))
    assert scene.pages == []


@pytest.mark.parametrize(("begin", "end"), [("22:00", "23:59"), ("07:00", "22:00"), ("10:00", "10:00")])
def test_outside_of_quiet_hours_nothing_waits(begin: str, end: str) -> None:
    scene = Scene(rules(rule(quiet=quiet(begin, end))), now=NIGHT)
    scene.take(matched("1", at=NIGHT))
    assert scene.pages == [("open", "inspector")]


def test_quiet_hours_never_hold_an_immediate_item() -> None:
    scene = Scene(rules(rule(quiet=quiet())), now=NIGHT)
    scene.take(matched("1", at=NIGHT))
    scene.take(matched("2", grade="immediate", at=NIGHT))
    assert scene.pages == [("open", "inspector")]
