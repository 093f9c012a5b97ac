"""An item pages once per rule, whatever comes of it later and however often it comes."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.alert import MOST_ITEMS
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, gone, matched, quiet, rule, rules, with_rules


def test_an_item_that_matches_is_paged_to_whoever_is_on_duty() -> None:
    scene = Scene()
    assert scene.take(matched()) == ["opened"]
    assert scene.pages == [("open", "inspector")]
    assert scene.alert.state == "open"
    assert [page.end for page in scene.alert.pages] == ["delivered"]
    assert scene.acts == ["alert-opened", "page-sent"]


@pytest.mark.parametrize("again", [matched(), matched(version=0)], ids=["the same", "older"])
def test_what_is_known_already_changes_nothing(again: object) -> None:
    scene = Scene()
    scene.take(matched())
    before = list(scene.log)
    assert scene.take(again) == ["known"]  # type: ignore[arg-type]
    assert scene.log == before


def test_the_same_twice_in_a_batch_opens_one_alert() -> None:
    scene = Scene()
    scene.take(matched(), matched())
    assert scene.alert.count == 1
    assert scene.pages == [("open", "inspector")]


def test_each_rule_that_matches_opens_an_alert_of_its_own() -> None:
    scene = Scene(rules(rule(), rule("weapons", to=["chief"])))
    scene.take(matched(rules=["danger", "weapons"]))
    assert [alert.rule for alert in scene.alerts] in (["danger", "weapons"], ["weapons", "danger"])
    assert sorted(scene.pages) == [("open", "chief"), ("open", "chief"), ("open", "inspector")]


def test_an_edit_updates_the_open_alert_and_pages_nobody() -> None:
    scene = Scene()
    scene.take(matched())
    scene.take(matched(version=2))
    assert scene.alert.items[0].version == 2
    assert scene.pages == [("open", "inspector")]


def test_an_edit_of_what_was_immediate_before_pages_nobody() -> None:
    scene = Scene()
    scene.take(matched(grade="immediate"))
    scene.wait(minutes=2)
    scene.take(matched(version=2, grade="immediate"))
    scene.wait(minutes=2)
    assert scene.pages == [("open", "inspector")]


def test_an_edit_that_makes_an_item_immediate_is_paged() -> None:
    scene = Scene()
    scene.take(matched())
    scene.wait(minutes=2)
    scene.take(matched(version=2, grade="immediate"))
    assert scene.pages == [("open", "inspector"), ("changed", "inspector")]


def test_a_deleted_item_resolves_its_alert_and_whoever_was_paged_is_told() -> None:
    scene = Scene()
    scene.take(matched())
    scene.take(gone())
    assert scene.alert.state == "resolved"
    assert scene.alert.resolved_by == "flagpost"
    (item,) = scene.alert.items
    assert (item.state, item.excerpt) == ("deleted", None)
    assert scene.pages == [("open", "inspector"), ("resolved", "inspector")]


def test_while_another_item_is_live_a_withdrawal_is_told_as_a_change() -> None:
    scene = Scene()
    scene.take(matched("1"), matched("2"))
    scene.take(gone("1", reason="edited_into_chatter"))
    assert scene.alert.state == "open"
    assert [item.state for item in scene.alert.items] == ["withdrawn", "live"]
    assert ("changed", "inspector") in scene.pages


def test_an_item_that_goes_before_anybody_was_paged_pages_nobody() -> None:
    scene = Scene(rules(rule(group_wait_seconds=30)))
    scene.take(matched())
    scene.wait(seconds=10)
    scene.take(gone())
    scene.wait(hours=1)
    assert scene.pages == []
    assert [page.end for page in scene.alert.pages] == ["needless"]


@pytest.mark.parametrize(("dismissed", "state"), [(False, "unmatched"), (True, "dismissed")])
def test_an_item_that_its_rule_matches_no_more_is_marked(dismissed: bool, state: str) -> None:
    scene = Scene()
    scene.take(matched("1"), matched("2"))
    scene.take(matched("1", version=2, rules=[], dismissed=dismissed))
    assert [item.state for item in scene.alert.items] == [state, "live"]
    scene.take(matched("2", version=2, rules=[], dismissed=dismissed))
    assert scene.alert.state == "resolved"


def test_an_old_withdrawal_changes_nothing() -> None:
    scene = Scene()
    scene.take(matched(version=5))
    assert scene.take(gone(version=4)) == ["known"]
    assert scene.alert.items[0].state == "live"


def test_what_no_alert_has_is_ignored() -> None:
    scene = Scene()
    assert scene.take(gone(), matched("2", rules=[])) == ["ignored", "ignored"]
    assert scene.log == []


def test_an_old_version_opens_no_alert_of_a_rule_that_the_newer_one_does_not_match() -> None:
    scene = Scene(rules(rule(), rule("weapons")))
    scene.take(matched(version=2, rules=["danger"]))
    assert scene.take(matched(version=1, rules=["danger", "weapons"])) == ["known"]
    assert scene.alert.rule == "danger"


# After an alert is resolved


def test_a_replay_never_reopens() -> None:
    scene = Scene()
    history = [matched(), matched(version=2), matched(version=3, grade="immediate")]
    for candidate in history:
        scene.take(candidate)
    scene.act("resolve")
    before = scene.pages
    for candidate in history:
        scene.take(candidate)
    assert scene.pages == before
    assert scene.alert.state == "resolved"


def test_a_new_item_of_a_resolved_story_opens_another_alert() -> None:
    scene = Scene()
    scene.take(matched("1"))
    scene.act("resolve")
    scene.wait(minutes=1)
    assert scene.take(matched("2")) == ["opened"]
    assert [alert.state for alert in scene.alerts] == ["resolved", "open"]


def test_an_edit_after_it_was_resolved_pages_nobody_unless_it_is_immediate_now() -> None:
    scene = Scene()
    scene.take(matched())
    scene.act("resolve")
    scene.wait(minutes=1)
    scene.take(matched(version=2))
    assert len(scene.alerts) == 1
    scene.take(matched(version=3, grade="immediate"))
    assert [alert.state for alert in scene.alerts] == ["resolved", "open"]
    assert scene.pages[-1] == ("reopened", "inspector")


def test_an_item_that_comes_back_after_it_resolved_its_alert_is_paged_again() -> None:
    scene = Scene()
    scene.take(matched())
    scene.take(gone(reason="judged_again_chatter"))
    scene.wait(minutes=1)
    scene.take(matched(version=3))
    assert scene.pages[-1] == ("reopened", "inspector")
    scene.take(matched(), gone(reason="judged_again_chatter"), matched(version=3))
    assert len(scene.pages) == 3, "a replay of it all pages nobody"


def test_a_withdrawal_is_remembered_after_the_alert_was_resolved() -> None:
    scene = Scene()
    scene.take(matched())
    scene.act("resolve")
    scene.take(gone(version=9))
    scene.wait(minutes=1)
    assert scene.take(matched(version=5, grade="immediate")) == ["known"], "an edit of what is deleted since"


# Bounds


def test_an_alert_tells_so_many_items_and_counts_them_all_once() -> None:
    scene = Scene()
    everything = [matched(str(number)) for number in range(MOST_ITEMS + 30)]
    scene.take(*everything)
    assert len(scene.alert.items) == MOST_ITEMS
    assert scene.alert.count == MOST_ITEMS + 30
    scene.restart()
    scene.take(*everything)
    assert scene.alert.count == MOST_ITEMS + 30
    assert scene.take(everything[-1]) == ["known"]


def test_an_item_that_is_only_counted_is_news_when_it_becomes_immediate_once() -> None:
    scene = Scene(rules(rule(repeat_minutes=None)))
    scene.take(*(matched(str(number)) for number in range(MOST_ITEMS + 30)))
    scene.wait(minutes=10)
    before = len(scene.pages)
    graver = matched(str(MOST_ITEMS + 29), version=2, grade="immediate")
    scene.take(graver)
    assert len(scene.pages) == before + 1
    assert scene.alert.count == MOST_ITEMS + 30
    assert any(item.uid == graver.uid for item in scene.alert.items), "it takes the place of one that matters less"
    scene.wait(minutes=10)
    scene.restart()
    scene.take(graver)
    scene.wait(minutes=10)
    assert len(scene.pages) == before + 1


def test_while_items_are_only_counted_an_alert_does_not_end_because_those_it_tells_are_gone() -> None:
    scene = Scene()
    scene.take(*(matched(str(number)) for number in range(MOST_ITEMS + 1)))
    scene.take(*(gone(str(number)) for number in range(MOST_ITEMS)))
    assert scene.alert.state == "open"


# Rules that change


def test_an_alert_whose_rule_is_gone_stays_and_can_be_resolved() -> None:
    scene = Scene()
    scene.take(matched())
    with_rules(scene, rules=[rule("other")])
    scene.wait(hours=2)
    assert scene.pages == [("open", "inspector")], "no repeats"
    scene.act("resolve")
    assert scene.pages[-1] == ("resolved", "inspector")


def test_a_candidate_of_a_rule_that_is_not_there_yet_is_paged_when_it_is() -> None:
    scene = Scene()
    scene.take(matched(rules=["new"]))
    assert scene.pages == []
    scene.wait(minutes=3)
    with_rules(scene, rules=[rule("new")])
    scene.wait(minutes=5)
    assert scene.pages == [("open", "inspector")]


def test_with_nobody_who_can_be_paged_somebody_is_looked_for_until_there_is() -> None:
    scene = Scene(rules(rule(quiet=quiet()), people={}, rota={}))
    scene.take(matched())
    scene.wait(minutes=7)
    assert scene.pages == []
    scene.rules = rules(rule())
    scene.wait(minutes=9)
    assert scene.pages == [("open", "inspector")]
    assert len(scene.log) < 20


def test_a_date_in_the_future_is_no_old_post() -> None:
    scene = Scene()
    scene.take(matched(at=START + dt.timedelta(hours=5)))
    assert scene.pages == [("open", "inspector")]
