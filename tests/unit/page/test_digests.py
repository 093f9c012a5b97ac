"""What must not page one by one comes in a digest: old posts, and too many of an hour."""

from __future__ import annotations

from pipeline.page.wording import headline
from tests.doubles.manual_clock import START
from tests.unit.page.scene import Scene, escalating, gone, later, matched, rule, rules

# Old posts


def test_old_posts_come_in_one_digest_and_page_nobody_one_by_one() -> None:
    scene = Scene()
    old = later(START, hours=-7)
    for number in range(5):
        assert scene.take(matched(str(number), group=f"g{number}", at=old)) == ["digested"]
        scene.wait(minutes=1)
    assert scene.pages == []
    scene.wait(minutes=5)
    assert scene.pages == [("digest", "inspector")]
    assert scene.alert.digest
    assert scene.alert.count == 5


def test_a_digest_waits_for_an_hour_at_most() -> None:
    scene = Scene()
    for number in range(50):
        scene.take(matched(str(number), at=later(scene.now, hours=-7)))
        scene.wait(minutes=2)
    assert ("digest", "inspector") in scene.pages


def test_a_digest_that_was_paged_takes_nothing_in_any_more() -> None:
    scene = Scene()
    scene.take(matched("1", at=later(START, hours=-7)))
    scene.wait(minutes=6)
    scene.take(matched("2", at=later(START, hours=-7)))
    scene.wait(minutes=6)
    assert [alert.count for alert in scene.alerts] == [1, 1]
    assert scene.pages == [("digest", "inspector")] * 2


def test_a_digest_is_not_repeated_and_does_not_escalate() -> None:
    scene = Scene()
    scene.take(matched("1", at=later(START, hours=-7)))
    scene.wait(hours=6)
    assert scene.pages == [("digest", "inspector")]


def test_posts_from_before_all_memory_are_noted_and_page_nobody() -> None:
    scene = Scene()
    scene.take(matched("1", at=later(START, days=-8)))
    scene.wait(hours=2)
    assert scene.alert.digest
    assert scene.pages == []


def test_the_edit_that_makes_a_digested_item_immediate_pages_at_once() -> None:
    scene = Scene()
    scene.take(matched("1", at=later(START, hours=-7)))
    scene.take(matched("1", version=2, grade="immediate", at=START))
    assert scene.pages == [("open", "inspector")]


def test_a_replay_of_everything_pages_nobody() -> None:
    scene = Scene()
    history = [matched(str(n), group=f"g{n % 7}", grade="immediate" if n % 5 == 0 else "prompt") for n in range(40)]
    history += [gone(str(n)) for n in range(0, 40, 9)] + [matched(str(n), version=2) for n in range(1, 40, 8)]
    for candidate in history:
        scene.take(candidate)
        scene.wait(seconds=20)
    scene.wait(hours=1)
    for alert in scene.alerts:
        if alert.state == "open":
            scene.act("resolve", alert=alert)
    scene.wait(minutes=1)
    before = scene.pages
    assert len(before) > 7
    for days in (0, 3, 6):
        scene.wait(days=days)
        scene.take(*history)
        scene.wait(hours=2)
        assert scene.pages == before


# Too many


def test_beyond_the_hourly_limit_new_stories_come_in_one_digest_at_its_end() -> None:
    scene = Scene(rules(rule(most_an_hour=2, repeat_minutes=None)), now=later(START, minutes=10))
    for number in range(6):
        scene.take(matched(str(number), group=f"g{number}", at=scene.now))
    assert scene.pages == [("open", "inspector")] * 2
    scene.wait(minutes=49)
    assert len(scene.pages) == 2
    scene.wait(minutes=2)
    assert scene.pages[2:] == [("digest", "inspector")]
    (digest,) = [alert for alert in scene.alerts if alert.digest]
    assert digest.count == 4
    scene.take(matched("9", group="g9", at=scene.now))
    assert scene.pages[-1] == ("open", "inspector"), "a new hour"


def test_nothing_immediate_waits_for_the_end_of_the_hour() -> None:
    scene = Scene(rules(rule(most_an_hour=1, repeat_minutes=None)))
    for number in range(3):
        scene.take(matched(str(number), group=f"g{number}", grade="immediate"))
    assert scene.pages == [("open", "inspector"), ("digest", "inspector")]
    scene.wait(minutes=1, seconds=1)
    assert scene.pages[2:] == [("digest", "inspector")], "news of it at most once a minute"


def test_what_is_immediate_beyond_the_hourly_limit_is_called_until_somebody_acknowledges() -> None:
    scene = Scene(rules(escalating(most_an_hour=1, repeat_minutes=10)))
    scene.take(matched("1", group="g1", grade="immediate"))
    scene.act("acknowledge")
    scene.take(matched("2", group="g2", grade="immediate"))
    scene.wait(minutes=30)
    kinds = [kind for kind, _ in scene.pages]
    assert kinds[:2] == ["open", "digest"]
    assert {"escalation", "repeat"} <= set(kinds)
    (digest,) = [alert for alert in scene.alerts if alert.digest]
    assert headline(digest).startswith("IMMEDIATE · 1 post")
    scene.act("acknowledge", alert=digest)
    before = len(scene.pages)
    scene.wait(minutes=20)
    assert len(scene.pages) == before
    scene.take(matched("3", group="g3", grade="immediate", at=scene.now))
    scene.wait(minutes=6)
    assert [kind for kind, _ in scene.pages[before:]] == ["digest", "escalation", "escalation"], (
        "nobody has seen that one"
    )
