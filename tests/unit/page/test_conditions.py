"""What is wrong with flagpost itself is an alert for as long as it is, and pages no more often than its repeat."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.page.conditions import CHANNEL, take_conditions, unusable_channels
from pipeline.watch.condition import Condition
from schemas.alert import Alert
from tests.unit.page.scene import Scene, matched, rules

LAG = Condition(rule="system-lag", about="index", severity="error", title="index is 75 s behind")


class Looks:
    """Looks at flagpost, ten seconds apart."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.missed: Mapping[str, int] = {}

    def see(self, *conditions: Condition, times: int = 1) -> None:
        for _ in range(times):
            self.scene.wait(seconds=10)
            self.missed = self.scene.change(
                lambda draft, rules, now: take_conditions(draft, rules, conditions, self.missed, now)
            )


def test_a_condition_pages_the_operators_once() -> None:
    scene = Scene()
    Looks(scene).see(LAG, times=20)
    assert scene.pages == [("open", "operator")]
    assert (scene.alert.title, scene.alert.group) == ("index is 75 s behind", "index")


def test_it_is_repeated_until_somebody_acknowledges() -> None:
    scene = Scene()
    Looks(scene).see(LAG, times=200)
    assert scene.pages == [("open", "operator"), ("repeat", "operator")]


def test_what_is_not_reported_twice_is_over() -> None:
    scene = Scene()
    looks = Looks(scene)
    looks.see(LAG)
    looks.see()
    assert scene.alert.state == "open"
    looks.see(LAG)
    looks.see()
    assert scene.alert.state == "open", "two looks in a row"
    looks.see()
    assert scene.alert.state == "resolved"
    assert scene.pages == [("open", "operator"), ("resolved", "operator")]


def test_two_things_that_are_wrong_are_two_alerts() -> None:
    scene = Scene()
    Looks(scene).see(LAG, Condition(rule="system-lag", about="alert", severity="error", title="behind"))
    assert {alert.group for alert in scene.alerts} == {"index", "alert"}


def test_what_comes_and_goes_pages_no_more_often_than_it_would_repeat() -> None:
    scene = Scene()
    looks = Looks(scene)
    for _ in range(30):  # 30 min
        looks.see(LAG, times=3)
        looks.see(times=3)
    opened = [page for page in scene.pages if page[0] == "open"]
    assert len(opened) <= 2


def test_what_a_person_resolves_while_it_is_still_so_comes_again_after_the_repeat() -> None:
    scene = Scene()
    looks = Looks(scene)
    looks.see(LAG)
    scene.act("resolve", by="operator")
    looks.see(LAG, times=170)
    assert scene.pages == [("open", "operator"), ("resolved", "operator")]
    looks.see(LAG, times=20)
    assert scene.pages[2:] == [("open", "operator")]


def test_without_operators_in_the_file_the_alert_is_there_to_be_seen() -> None:
    scene = Scene(rules(system=None))
    Looks(scene).see(LAG, times=60)
    assert scene.pages == []
    assert scene.alert.state == "open"
    assert len(scene.log) < 12, "who could be paged is looked for ever more seldom"


def test_an_alert_about_a_channel_outlives_looks_that_know_nothing_of_it_until_the_channel_is_gone() -> None:
    scene = Scene(answers=lambda page: "refused" if page.channel == "pager" else "delivered")

    def broken() -> Alert:
        (alert,) = [alert for alert in scene.alerts if alert.rule == CHANNEL]
        return alert

    scene.take(matched())
    looks = Looks(scene)
    looks.see(times=5)
    assert broken().state == "open"
    scene.rules = rules(channels={"mail": scene.rules.channels["mail"]})
    looks.see()
    assert broken().state == "resolved"


def test_what_becomes_graver_is_paged_once_also_to_whoever_has_acknowledged_it() -> None:
    scene = Scene()
    looks = Looks(scene)
    looks.see(LAG)
    scene.act("acknowledge", by="operator")
    worse = Condition(rule="system-lag", about="index", severity="critical", title="index is 6 min behind")
    looks.see(worse, times=3)
    assert (scene.alert.severity, scene.alert.title) == ("critical", "index is 6 min behind")
    assert scene.pages == [("open", "operator"), ("changed", "operator")]
    assert "alert-graver" in scene.acts
    looks.see(LAG, times=3)
    looks.see(worse, times=3)
    assert len(scene.pages) == 2, "what goes back and forth does not page every time"


def test_what_becomes_graver_before_anybody_was_paged_waits_no_longer() -> None:
    scene = Scene()
    looks = Looks(scene)
    looks.see(LAG)
    looks.see(times=3)
    looks.see(LAG, times=2)
    assert [kind for kind, _ in scene.pages] == ["open", "resolved"], "what comes again so soon waits"
    looks.see(Condition(rule="system-lag", about="index", severity="critical", title="index is 6 min behind"))
    assert [kind for kind, _ in scene.pages] == ["open", "resolved", "open"]


def test_a_channel_that_can_not_be_opened_is_one_alert_until_it_can() -> None:
    scene = Scene(answers=lambda page: "refused" if page.channel == "pager" else "delivered")
    looks = Looks(scene)
    looks.see(*unusable_channels({"pager": "KEY holds nothing."}))
    scene.take(matched())
    about = [(alert.rule, alert.state) for alert in scene.alerts if alert.title]
    assert about == [("system-channel-settings", "open")], "that its page fails is no news"
    looks.see(times=2)
    assert [alert.state for alert in scene.alerts if alert.title] == ["resolved"]
