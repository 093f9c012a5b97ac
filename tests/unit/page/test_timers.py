"""Repeats, escalation, and the end of alerts: all that happens because time passes."""

from __future__ import annotations

import datetime as dt

from pipeline.alert.rules import Shift
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, escalating, later, matched, quiet, rule, rules, with_rules


def test_an_alert_is_paged_again_until_somebody_acknowledges() -> None:
    scene = Scene(rules(rule(repeat_minutes=10)))
    scene.take(matched())
    scene.wait(minutes=31)
    assert scene.pages == [("open", "inspector")] + [("repeat", "inspector")] * 3
    scene.act("acknowledge")
    scene.wait(hours=2)
    assert len(scene.pages) == 4


def test_a_repeat_goes_to_whoever_is_on_duty_by_then() -> None:
    shifts = [
        Shift(who=["inspector"], begin=dt.time(6), end=dt.time(14)),
        Shift(who=["chief"], begin=dt.time(14), end=dt.time(6)),
    ]
    now = later(START, minutes=55)  # 13:55 in London
    scene = Scene(rules(rule(repeat_minutes=10), rota={"duty": shifts}), now=now)
    scene.take(matched(at=now))
    scene.wait(minutes=11)
    assert scene.pages == [("open", "inspector"), ("repeat", "chief"), ("repeat", "chief")]


def test_without_an_acknowledgement_the_next_are_paged() -> None:
    scene = Scene(rules(escalating(repeat_minutes=None)))
    scene.take(matched())
    scene.wait(minutes=4, seconds=59)
    assert scene.pages == [("open", "inspector")]
    scene.wait(seconds=1)
    assert scene.pages[1:] == [("escalation", "chief"), ("escalation", "chief")]
    scene.wait(minutes=10)
    assert scene.pages[3:] == [("escalation", "operator")]
    assert scene.alert.step == 2
    assert scene.acts.count("alert-escalated") == 2
    scene.wait(hours=1)
    assert len(scene.pages) == 4


def test_repeats_go_to_all_who_were_escalated_to() -> None:
    scene = Scene(rules(escalating(repeat_minutes=7)))
    scene.take(matched())
    scene.wait(minutes=13)
    assert set(scene.pages[3:]) == {("repeat", "inspector"), ("repeat", "chief")}


def test_an_acknowledgement_stops_the_escalation() -> None:
    scene = Scene(rules(escalating()))
    scene.take(matched())
    scene.wait(minutes=4)
    scene.act("acknowledge")
    scene.wait(hours=2)
    assert scene.pages == [("open", "inspector")]


def test_steps_count_from_the_first_page_and_not_from_quiet_hours() -> None:
    night = later(START, hours=11)
    scene = Scene(rules(escalating(quiet=quiet("22:00", "07:00"), repeat_minutes=None)), now=night)
    scene.take(matched(at=night))
    scene.wait(hours=7, minutes=4)
    assert scene.pages == [("open", "inspector")]
    scene.wait(minutes=1)
    assert ("escalation", "chief") in scene.pages
    assert ("escalation", "operator") not in scene.pages


def test_a_step_in_quiet_hours_waits_and_so_does_the_one_after_it() -> None:
    evening = later(START, hours=8, minutes=58)  # 21:58 in London
    scene = Scene(rules(escalating(quiet=quiet("22:00", "07:00"), repeat_minutes=None)), now=evening)
    scene.take(matched(at=evening))
    scene.wait(hours=9, minutes=1)
    assert scene.pages == [("open", "inspector")]
    scene.wait(minutes=5)
    assert scene.pages[1:] == [("escalation", "chief")] * 2
    scene.wait(minutes=10)
    assert scene.pages[3:] == [("escalation", "operator")]


def test_without_news_an_alert_resolves_by_itself() -> None:
    scene = Scene(rules(rule(resolve_after_hours=2, repeat_minutes=None)))
    scene.take(matched("1"))
    scene.wait(hours=1)
    scene.take(matched("2", at=scene.now))
    scene.wait(minutes=119)
    assert scene.alert.state == "open"
    scene.wait(minutes=2)
    assert (scene.alert.state, scene.alert.resolved_by) == ("resolved", "flagpost")


def test_an_alert_does_not_resolve_by_itself_while_somebody_is_still_to_be_told() -> None:
    scene = Scene(rules(rule(resolve_after_hours=1, repeat_minutes=None)), answers=lambda _page: "failed")
    scene.take(matched("1"))
    scene.wait(hours=4)
    alert = next(alert for alert in scene.alerts if alert.rule == "danger")
    assert alert.state == "open"
    scene.answers = lambda _page: "delivered"
    scene.wait(hours=6)
    alert = next(alert for alert in scene.alerts if alert.rule == "danger")
    assert alert.state == "resolved"
    assert ("open", "inspector") in scene.pages


def test_a_resolved_alert_is_forgotten_after_seven_days() -> None:
    scene = Scene()
    scene.take(matched())
    scene.act("resolve")
    alert = scene.alert
    scene.wait(days=6, hours=23)
    assert scene.alerts
    scene.wait(hours=1)
    assert scene.alerts == []
    assert scene.log[-1] == (alert.id.encode(), None)
    scene.restart()
    assert scene.alerts == []


def test_a_file_with_fewer_steps_stops_at_them() -> None:
    scene = Scene(rules(escalating(repeat_minutes=None)))
    scene.take(matched())
    with_rules(scene, rules=[rule(repeat_minutes=None)])
    scene.wait(hours=1)
    assert scene.pages == [("open", "inspector")]
    assert scene.alert.next_step_at is None


def test_rules_that_are_put_right_after_hours_page_what_is_open_within_minutes() -> None:
    scene = Scene(rules(channels={}))
    scene.take(matched(grade="immediate"))
    scene.wait(hours=6)
    assert scene.pages == []
    with_rules(scene, channels=rules().channels)
    scene.wait(minutes=5)
    assert scene.pages == [("open", "inspector")]
