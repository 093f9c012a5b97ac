"""No alert can outgrow its topic, and none is written that could not be read again."""

from __future__ import annotations

import datetime as dt

from pipeline.alert.rules import Person, Shift
from pipeline.page.calls import MOST_PAGES
from pipeline.page.items import is_full
from pipeline.page.read import newest
from schemas import codec
from schemas.alert import FINGERPRINT, MOST_COUNTED, MOST_ITEMS, Alert, Excerpt, Match, Matched
from schemas.labels import Grade
from schemas.topics import ALERTS
from tests.doubles.manual_clock import START
from tests.unit.page.scene import CHANNEL, Scene, gone, matched, rule, rules

WIDE = "\U0001f6a8"
"""Four bytes of UTF-8."""
ESCAPED = "\x01"
"""Six bytes of JSON."""
LONGEST_NAME = "n" * 60


def widest(number: int, at: dt.datetime = START, grade: Grade = "immediate") -> Matched:
    """The largest candidate that a producer can send."""
    return Matched(
        source="s" * 64,
        id=f"{number:06d}" + WIDE * 250,
        version=2**62 + number,
        revision=at,
        matches=[Match(rule="danger", severity="critical", group=ESCAPED * 512)],
        excerpt=Excerpt(
            label="help_request",
            grade=grade,
            score=0.123456789012345,
            text=ESCAPED * 280,
            posted_at=at,
            unsure=True,
            place=ESCAPED * 512,
            url=ESCAPED * 500,
        ),
        likeness=[2**63 + number] * 128,
    )


def crowd() -> Scene:
    """A scene in which far too many people are paged, each through the longest of names."""
    people = {f"{LONGEST_NAME}{number:03d}": Person(channels={"c" * 64: ""}) for number in range(700)}
    names = list(people)
    shifts = [
        Shift(who=names[number * 100 : number * 100 + 100], begin=dt.time(number * 3), end=dt.time(number * 3 + 3))
        for number in range(7)
    ]
    given = rules(
        rule(repeat_minutes=60, resolve_after_hours=168),
        people=people,
        rota={"duty": shifts},
        channels={"c" * 64: CHANNEL},
        system=None,
    )
    return Scene(given, answers=lambda page: "delivered" if page.id[-1] in "13579" else "failed")


def test_the_largest_alert_fits_its_topic() -> None:
    scene = crowd()
    scene.take(*(widest(number) for number in range(MOST_ITEMS)))
    scene.wait(hours=24)
    first = min(scene.alerts, key=lambda alert: alert.opened_at)
    for number in range(200):
        scene.act("escalate", by=ESCAPED * 512, token=f"{number}" + "t" * 120, alert=first)
        scene.act("escalate", by=ESCAPED * 512, token=f"{number}" + "o" * 120, alert=first, step=0)
    scene.act("acknowledge", alert=first)  # so that those that are only counted are not news
    more = range(MOST_ITEMS, MOST_COUNTED + 2 * MOST_ITEMS)
    scene.take(*(widest(number, scene.now, "prompt") for number in more))
    assert is_full(min(scene.alerts, key=lambda alert: alert.opened_at))
    assert sum(alert.rule == "danger" for alert in scene.alerts) > 1, "the story goes on in another alert"
    largest = max(len(value) for _, value in scene.log if value)
    assert largest > 300_000, "it is a hard case"
    assert largest < ALERTS.max_bytes * 0.9


def test_what_is_written_can_be_read() -> None:
    scene = crowd()
    scene.take(*(widest(number) for number in range(MOST_ITEMS + 20)))
    scene.wait(hours=30)
    scene.take(gone("1"))
    for _, value in scene.log:
        alert: Alert = codec.decode(ALERTS, value)
        assert len(alert.pages) <= MOST_PAGES
        assert len(alert.counted) <= FINGERPRINT * MOST_COUNTED
    assert {alert.id: alert for alert in newest(scene.log)} == {alert.id: alert for alert in scene.book}


def test_a_full_alert_takes_nothing_in_and_the_next_one_does() -> None:
    scene = Scene(rules(rule(repeat_minutes=None)))
    scene.take(*(small(number) for number in range(MOST_COUNTED + 3 * MOST_ITEMS)))
    first, second = sorted(scene.alerts, key=lambda alert: -alert.count)
    assert first.count + second.count == MOST_COUNTED + 3 * MOST_ITEMS
    assert len(scene.pages) == 2
    scene.take(*(small(number) for number in range(MOST_COUNTED + 3 * MOST_ITEMS)))
    assert len(scene.alerts) == 2, "a replay opens nothing"
    assert len(scene.pages) == 2


def small(number: int) -> Matched:
    return matched(str(number))
