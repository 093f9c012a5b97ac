"""Services that hold an incident open learn what became of the alert, whatever became of their pages."""

from __future__ import annotations

import pytest

from pipeline.page.step import nothing
from pipeline.page.tries import Outcome
from schemas.alert import Page
from tests.unit.page.scene import ALERTMANAGER, CHANNEL, PAGERDUTY, Scene, escalating, matched, quiet, rule, rules


def serving(*given: object, **fields: object) -> Scene:
    """The inspector is paged through PagerDuty, the chief through a webhook and Alertmanager."""
    channels = {"pager": PAGERDUTY, "mail": ALERTMANAGER}
    return Scene(rules(*given, **{"channels": channels, **fields}))  # type: ignore[arg-type]


def ended(page: Page, alert: str, end: str) -> Outcome:
    return Outcome(alert=alert, page=page.id, channel=page.channel, end=end, answer="an answer")  # type: ignore[arg-type]


def test_pagerduty_learns_that_somebody_sees_to_it_and_that_it_is_over() -> None:
    scene = serving()
    scene.take(matched())
    scene.act("acknowledge")
    scene.act("resolve")
    assert scene.pages == [("open", "inspector"), ("acknowledged", "inspector"), ("resolved", "inspector")]


def test_people_and_alertmanager_are_not_paged_with_an_acknowledgement() -> None:
    for channel in (CHANNEL, ALERTMANAGER):
        scene = serving(channels={"pager": channel})
        scene.take(matched())
        scene.act("acknowledge")
        assert scene.pages == [("open", "inspector")]


def test_whoever_was_never_sent_a_page_learns_nothing() -> None:
    scene = serving(rule(group_wait_seconds=60))
    scene.take(matched())
    scene.act("acknowledge")
    scene.act("resolve")
    assert scene.pages == []


def test_services_do_not_sleep() -> None:
    scene = serving(rule(quiet=quiet("13:00", "23:00")))
    scene.take(matched(grade="immediate"))
    scene.take(matched(version=2, grade="routine"))
    scene.act("acknowledge")
    assert scene.pages[-1] == ("acknowledged", "inspector")
    scene.act("resolve")
    assert scene.pages[-1] == ("resolved", "inspector")


def test_a_digest_is_closed_where_it_is_held_open() -> None:
    old = 7 * 60
    scene = serving(rule(resolve_after_hours=1))
    begin = scene.now
    scene.wait(minutes=old)
    scene.take(matched(at=begin))
    scene.wait(hours=3)
    assert scene.alert.state == "resolved"
    assert scene.pages == [("digest", "inspector"), ("resolved", "inspector")]


@pytest.mark.parametrize("end", ["delivered", "failed"])
@pytest.mark.parametrize(("act", "told"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_a_page_that_was_under_way_meanwhile_may_have_reached_it_so_it_is_told_again(
    end: str, act: str, told: str
) -> None:
    scene = serving()
    scene.answers = lambda page: "" if page.kind == "open" else "delivered"
    scene.take(matched())
    (under_way,) = scene.sent
    scene.act(act)
    assert scene.pages == [("open", "inspector"), (told, "inspector")]
    done = scene.written(nothing, [ended(under_way, scene.alert.id, end)])
    assert [one.page.kind for one in done.tries] == [told]


def test_a_failed_try_may_have_reached_it_and_a_refused_page_has_not() -> None:
    for end, pages in (("failed", ["open", "resolved"]), ("refused", ["open"])):
        scene = serving()
        scene.answers = lambda page, end=end: end if page.kind == "open" else "delivered"  # type: ignore[misc]
        scene.take(matched())
        (about,) = [one for one in scene.alerts if one.rule == "danger"]  # beside the one about a channel that refuses
        scene.act("resolve", alert=about)
        assert [kind for kind, recipient in scene.pages if recipient == "inspector"] == pages


def test_a_try_that_may_have_reached_it_is_not_forgotten_for_pages_that_were_never_tried() -> None:
    scene = serving(channels={"pager": ALERTMANAGER})
    scene.answers = lambda page: "failed" if page.kind == "open" else "delivered"
    scene.take(matched())
    scene.act("acknowledge")
    scene.rules = rules(rule(quiet=quiet("00:00", "23:59")), channels=scene.rules.channels)
    for number in range(3):
        scene.wait(seconds=1)
        scene.act("escalate")
        scene.wait(seconds=1)
        scene.act("acknowledge", by=f"somebody {number}")
    scene.act("resolve")
    assert scene.pages[-1] == ("resolved", "inspector")


def test_an_escalation_calls_though_word_of_the_acknowledgement_is_still_to_come() -> None:
    scene = serving(escalating(repeat_minutes=None))
    scene.answers = lambda page: "failed" if page.kind == "acknowledged" else "delivered"
    scene.take(matched())
    scene.act("acknowledge")
    for _ in range(3):  # the chief, the operator, all whom it concerns
        scene.wait(seconds=1)
        scene.act("escalate")
    assert ("escalation", "inspector") in scene.pages
    assert all(page.end for page in scene.alert.pages if page.kind == "acknowledged")
