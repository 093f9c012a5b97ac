"""A page is tried until it is delivered, is refused, has failed for good or is needed no more."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest

from pipeline.page.conditions import CHANNEL
from pipeline.page.due import in_flight
from pipeline.page.step import nothing, taking
from pipeline.page.tries import Outcome
from schemas.alert import Alert
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, escalating, matched, rule, rules, with_rules

WITHOUT_SYSTEM = rules(rule(repeat_minutes=None), system=None)


def story(scene: Scene) -> Alert:
    """The alert about a post."""
    return next(alert for alert in scene.alerts if alert.title is None)


def test_a_try_is_written_down_before_it_begins_and_its_outcome_after() -> None:
    scene = Scene(WITHOUT_SYSTEM)
    done = scene.written(taking([matched()]), ())
    (page,) = scene.alert.pages
    assert (page.tries, page.begun_at, page.end) == (1, START, None)
    assert [one.page for one in done.tries] == [page]
    outcome = Outcome(alert=scene.alert.id, page=page.id, channel="pager", end="delivered", answer="204")
    scene.written(nothing, [outcome])
    (page,) = scene.alert.pages
    assert (page.end, page.ended_at, page.answer) == ("delivered", START, "204")


def test_a_failed_page_is_tried_again_after_the_schedule_of_standard_webhooks() -> None:
    scene = Scene(WITHOUT_SYSTEM, answers=lambda _page: "failed")
    scene.take(matched())
    scene.wait(days=4)
    tries = [page.begun_at - START for page in scene.sent if page.begun_at and page.kind == "open"]
    waits = [round((after - before).total_seconds()) for before, after in pairwise(tries)]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert len({page.id for page in scene.sent if page.kind == "open"}) == 1, "one delivery id"
    assert next(page.end for page in story(scene).pages if page.kind == "open") == "failed"


def test_a_channel_that_asks_for_time_gets_it() -> None:
    scene = Scene(WITHOUT_SYSTEM, answers=lambda _page: "")
    scene.take(matched())
    (page,) = scene.alert.pages
    scene.under_way.clear()
    failed = Outcome(alert=scene.alert.id, page=page.id, channel="pager", end="failed", answer="429", retry_after=70)
    scene.written(nothing, [failed])
    assert scene.alert.pages[0].due_at == START + dt.timedelta(seconds=70)


def test_a_repeat_pulls_the_next_try_forward_and_makes_no_second_page() -> None:
    scene = Scene(rules(rule(repeat_minutes=10), system=None), answers=lambda _page: "failed")
    scene.take(matched())
    scene.wait(minutes=21)
    assert [round((page.begun_at - START).total_seconds()) for page in scene.sent if page.begun_at] == [
        0,
        5,
        305,
        600,
        1200,
    ]
    assert len(story(scene).pages) == 1


def test_what_is_refused_has_failed_and_the_next_are_paged_at_once() -> None:
    scene = Scene(
        rules(escalating(), system=None),
        answers=lambda page: "refused" if page.recipient == "inspector" else "delivered",
    )
    scene.take(matched())
    assert scene.pages == [("open", "inspector"), ("escalation", "chief"), ("escalation", "chief")]
    assert story(scene).step == 1


@pytest.mark.parametrize("at", [START, START - dt.timedelta(hours=7)], ids=["alert", "digest"])
def test_without_repeats_what_was_refused_is_called_again_until_it_arrives(at: dt.datetime) -> None:
    scene = Scene(WITHOUT_SYSTEM, answers=lambda _page: "refused")
    scene.take(matched(at=at))
    scene.wait(minutes=16)
    refused = len(scene.pages)
    assert refused >= 3
    scene.answers = lambda _page: "delivered"
    scene.wait(hours=3)
    assert len(scene.pages) == refused + 1


def test_without_repeats_news_that_was_refused_is_called_again_though_the_first_page_arrived() -> None:
    scene = Scene(WITHOUT_SYSTEM, answers=lambda page: "refused" if page.kind == "more" else "delivered")
    scene.take(matched("1", grade="immediate"))
    scene.wait(minutes=2)
    scene.take(matched("2", grade="immediate"))
    scene.wait(minutes=6)
    assert scene.pages == [("open", "inspector"), ("more", "inspector"), ("repeat", "inspector")]


def test_what_nobody_has_been_told_goes_before_what_is_only_told_again() -> None:
    scene = Scene(rules(rule(repeat_minutes=10), system=None))
    scene.take(*(matched(str(number), group=f"g{number}", severity="critical") for number in range(6)))
    scene.now += dt.timedelta(minutes=10)
    scene.answers = lambda _page: ""
    scene.sent.clear()
    scene.take(matched("9", group="g9", severity="warning"))
    assert [page.kind for page in scene.sent] == ["open", "repeat", "repeat", "repeat"], "four at once"


def test_one_dead_channel_wakes_nobody_else_while_another_reaches_the_same_person() -> None:
    scene = Scene(
        rules(escalating(to=["chief"], repeat_minutes=None), system=None),
        answers=lambda page: "refused" if page.channel == "mail" else "delivered",
    )
    scene.take(matched())
    assert story(scene).step == 0


def test_a_channel_that_fails_is_told_to_the_operators_once() -> None:
    scene = Scene(
        rules(rule(repeat_minutes=None)), answers=lambda page: "failed" if page.channel == "pager" else "delivered"
    )
    scene.take(matched())
    scene.wait(minutes=5)
    assert [alert.rule for alert in scene.alerts] == ["danger"]
    scene.wait(minutes=1)
    (system,) = [alert for alert in scene.alerts if alert.rule == CHANNEL]
    assert (system.group, system.state) == ("pager", "open")
    assert ("open", "operator") in scene.pages
    scene.answers = lambda _page: "delivered"
    scene.wait(hours=1)
    (system,) = [alert for alert in scene.alerts if alert.rule == CHANNEL]
    assert system.state == "resolved"


def test_the_failure_of_the_operators_own_channel_opens_no_chain_of_alerts() -> None:
    scene = Scene(rules(rule(repeat_minutes=None)), answers=lambda _page: "refused")
    scene.take(matched())
    scene.wait(hours=3)
    assert sorted(alert.group for alert in scene.alerts if alert.rule == CHANNEL) == ["mail", "pager"]


def test_a_page_under_way_when_the_process_dies_is_sent_again_under_the_same_id() -> None:
    scene = Scene(WITHOUT_SYSTEM, answers=lambda _page: "")
    scene.take(matched())
    scene.restart()
    scene.wait(seconds=1)
    first, again = scene.sent
    assert first.id == again.id
    assert (first.tries, again.tries) == (1, 2)


def test_a_page_under_way_is_not_begun_twice() -> None:
    scene = Scene(WITHOUT_SYSTEM, answers=lambda _page: "")
    scene.take(matched())
    scene.wait(hours=1)
    assert len(scene.sent) == 1
    assert in_flight(scene.alert.pages[0])


def test_news_while_a_page_is_under_way_is_a_page_of_its_own() -> None:
    scene = Scene(rules(rule(repeat_minutes=None), system=None), answers=lambda _page: "")
    scene.take(matched("1"))
    scene.take(matched("2"))
    scene.wait(minutes=6)
    assert scene.pages == [("open", "inspector"), ("more", "inspector")]


def test_a_channel_sends_so_many_at_once_and_the_most_severe_first() -> None:
    scene = Scene(rules(rule(), rule("grave"), system=None))
    low = [matched(str(number), group=f"g{number}") for number in range(5)]
    grave = matched("9", group="g9", rules=["grave"])
    grave = type(grave)(
        source=grave.source,
        id=grave.id,
        version=1,
        revision=START,
        matches=[type(grave.matches[0])(rule="grave", severity="critical", group="g9")],
        excerpt=grave.excerpt,
    )
    done = scene.written(taking([*low, grave]), ())
    assert len(done.tries) == 4
    assert done.tries[0].alert.severity == "critical"


def test_a_recipient_who_is_in_the_file_no_more_is_not_waited_for() -> None:
    scene = Scene(rules(escalating(group_wait_seconds=60), system=None))
    scene.take(matched())
    with_rules(scene, people={name: one for name, one in scene.rules.people.items() if name != "inspector"})
    scene.wait(minutes=1)
    assert story(scene).pages[0].end == "failed"
    assert scene.pages == [("escalation", "chief"), ("escalation", "chief")]


def test_every_try_is_in_the_audit() -> None:
    answers = iter(["failed", "delivered"])
    scene = Scene(WITHOUT_SYSTEM, answers=lambda _page: next(answers))
    scene.take(matched())
    scene.wait(seconds=5)
    assert scene.acts == ["alert-opened", "page-failed", "page-sent"]
    assert scene.audit[1].detail == {
        "page": scene.sent[0].id,
        "kind": "open",
        "channel": "pager",
        "recipient": "inspector",
        "tries": "1",
        "answer": "an answer",
    }
