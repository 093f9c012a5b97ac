"""Acknowledge, escalate, resolve: each once, by whoever was first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pipeline.page.step import nothing
from pipeline.page.tries import Outcome
from schemas.alert import Action
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, escalating, matched, rule, rules


def opened(**fields: object) -> Scene:
    scene = Scene(rules(escalating(**fields)))
    scene.take(matched())
    return scene


def test_whoever_acknowledges_first_has_acknowledged() -> None:
    scene = opened()
    assert scene.act("acknowledge", by="inspector") == ["acknowledged"]
    assert scene.act("acknowledge", by="chief") == ["too_late"]
    assert (scene.alert.state, scene.alert.acknowledged_by) == ("acknowledged", "inspector")
    assert scene.acts[-2:] == ["alert-acknowledged", "action-too-late"]


def test_an_acknowledgement_makes_pages_that_have_not_gone_out_needless() -> None:
    scene = opened(group_wait_seconds=60)
    scene.act("acknowledge")
    scene.wait(hours=1)
    assert scene.pages == []
    assert [page.end for page in scene.alert.pages] == ["needless"]


def test_a_page_under_way_when_somebody_acknowledges_is_not_tried_again() -> None:
    scene = Scene(rules(escalating()), answers=lambda _page: "")
    scene.take(matched())
    scene.act("acknowledge")
    scene.restart()
    scene.wait(hours=1)
    assert [page.end for page in scene.alert.pages] == ["needless"]
    assert len(scene.sent) == 1


def test_a_page_under_way_when_somebody_acknowledges_is_delivered_all_the_same() -> None:
    scene = Scene(rules(escalating()), answers=lambda _page: "")
    scene.take(matched())
    scene.act("acknowledge")
    (page,) = scene.alert.pages
    outcome = Outcome(alert=scene.alert.id, page=page.id, channel="pager", end="delivered", answer="204")
    scene.written(nothing, [outcome])
    assert [page.end for page in scene.alert.pages] == ["delivered"]
    scene.act("resolve", by="chief")
    assert scene.pages[-1] == ("resolved", "inspector")


def test_escalating_takes_the_next_step_at_once() -> None:
    scene = opened(repeat_minutes=None)
    scene.act("escalate")
    assert scene.pages[1:] == [("escalation", "chief")] * 2
    assert scene.alert.step == 1
    scene.wait(minutes=10)
    assert scene.pages[3:] == [("escalation", "operator")], "so long after it as the file has between the two"


def test_escalating_what_is_acknowledged_opens_it_again() -> None:
    scene = opened()
    scene.act("acknowledge")
    scene.act("escalate")
    assert scene.alert.state == "open"
    assert scene.alert.acknowledged_by == "inspector", "the page says so"
    assert scene.pages[1:] == [("escalation", "chief")] * 2


def test_of_two_who_escalate_at_the_same_step_the_second_changes_nothing() -> None:
    scene = opened(repeat_minutes=None)
    assert scene.act("escalate", by="inspector", step=0) == ["escalated"]
    assert scene.act("escalate", by="chief", step=0, token="msg_x.1:escalate") == ["too_late"]
    assert scene.alert.step == 1
    assert scene.pages[1:] == [("escalation", "chief")] * 2, "the operator is skipped to by nobody"
    assert scene.alert.too_late == ["msg_x.1:escalate"], "its author can be told"
    last = scene.audit[-1]
    assert (last.act, last.by, last.detail["step"]) == ("action-too-late", "chief", "1")
    assert scene.act("escalate", by="chief", step=1) == ["escalated"]
    assert scene.pages[3:] == [("escalation", "operator")]


def test_an_escalation_that_the_clock_has_overtaken_changes_nothing() -> None:
    scene = opened(repeat_minutes=None)
    scene.wait(minutes=5)
    assert scene.alert.step == 1
    assert scene.act("escalate", step=0) == ["too_late"]
    assert scene.alert.step == 1


def test_an_escalation_that_does_not_say_what_its_author_saw_takes_the_next_step() -> None:
    scene = opened(repeat_minutes=None)
    assert scene.act("escalate", by="inspector") == ["escalated"]
    assert scene.act("escalate", by="chief") == ["escalated"]
    assert scene.alert.step == 2


def test_whoever_saw_more_steps_than_an_alert_has_taken_since_it_opened_again_is_helped() -> None:
    scene = opened(repeat_minutes=None)
    scene.act("escalate", step=0)
    scene.act("acknowledge")
    scene.take(matched("2", grade="immediate"))
    scene.wait(seconds=1)
    assert (scene.alert.state, scene.alert.step) == ("open", 0)
    assert scene.act("escalate", step=1) == ["escalated"]
    assert scene.alert.step == 1


def test_escalating_beyond_the_last_step_pages_everybody_again() -> None:
    scene = Scene(rules(rule(repeat_minutes=None)))
    scene.take(matched())
    scene.act("escalate")
    assert scene.pages == [("open", "inspector"), ("escalation", "inspector")]
    assert scene.alert.step == 1


def test_resolving_ends_everything_and_tells_those_who_were_paged() -> None:
    scene = opened()
    scene.act("resolve", by="chief")
    scene.wait(hours=5)
    assert (scene.alert.state, scene.alert.resolved_by) == ("resolved", "chief")
    assert scene.pages == [("open", "inspector"), ("resolved", "inspector")]
    assert scene.act("resolve") == ["too_late"]


@pytest.mark.parametrize("token", [None, "msg_x.1:escalate"], ids=["from the command line", "by a link"])
def test_an_action_that_comes_twice_is_done_once(token: str | None) -> None:
    scene = opened(repeat_minutes=None)
    action = Action(alert=scene.alert.id, kind="escalate", by="inspector", at=START, via="link", token=token)
    assert scene.take(action, action) == ["escalated", "known"]
    scene.restart()
    assert scene.take(action) == ["known"]
    assert scene.alert.step == 1


def test_a_link_works_once_for_whatever_it_does() -> None:
    scene = opened()
    scene.act("acknowledge", token="msg_x.1:acknowledge")
    assert "msg_x.1:acknowledge" in scene.alert.spent
    scene.act("escalate")
    assert scene.act("acknowledge", token="msg_x.1:acknowledge") == ["known"]
    assert scene.alert.state == "open"


def test_an_action_on_an_alert_that_is_not_there_is_counted() -> None:
    scene = opened()
    assert scene.act("resolve", alert=replace(scene.alert, id="aaaaaaaaaaaaaaaa")) == ["unknown_alert"]


def test_what_an_alert_remembers_of_actions_is_bounded() -> None:
    scene = opened()
    for number in range(300):
        scene.act("acknowledge", by=f"somebody {number}", token=f"{number}:" + "x" * 600)
    assert len(scene.alert.spent) == 128
    assert max(map(len, scene.alert.spent)) <= 128
    assert len(scene.alert.too_late) <= 128
