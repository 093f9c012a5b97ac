from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from pipeline.watch.sources import DAY, LEAST_SLOTS, MOST_SOURCES, SLOT, Silence, Sources, earlier_days, source_of

NOON = dt.datetime(2026, 8, 15, 12, tzinfo=dt.UTC).timestamp()
HOUR = 3600.0
HALF_AN_HOUR = 1800.0


def followed(
    begin: float, end: float, every: float, source: str = "x", when: Callable[[float], bool] = lambda _at: True
) -> Sources:
    """A source that posts every so many seconds, all of it read, from ``begin`` to ``end``."""
    sources = Sources()
    at = begin
    while at <= end:
        if when(at):
            sources.saw(source, at)
        at += every
    sources.read(begin, end)
    return sources


def silent(sources: Sources, now: float, silent_seconds: float = HALF_AN_HOUR) -> list[str]:
    return [one.source for one in sources.suspects(now, silent_seconds) if sources.expected(one, now)]


def by_day(at: float) -> bool:
    return 7 <= dt.datetime.fromtimestamp(at, dt.UTC).hour < 23


def test_a_gap_is_the_usual_time_between_two_posts() -> None:
    assert followed(NOON - 6 * HOUR, NOON, every=60).gap("x", NOON) == pytest.approx(60, rel=0.1)


def test_a_source_is_busy_when_it_posted_for_two_hours() -> None:
    long_enough = SLOT * (LEAST_SLOTS - 1)
    assert followed(NOON - long_enough, NOON, every=60).gap("x", NOON)
    assert followed(NOON - long_enough + SLOT, NOON, every=60).gap("x", NOON) is None


def test_an_import_of_thousands_of_posts_at_once_makes_no_busy_source() -> None:
    sources = followed(NOON - 300, NOON, every=0.1)
    sources.read(NOON, NOON + HOUR)
    assert silent(sources, NOON + HOUR) == []


@pytest.mark.parametrize(("minutes", "told"), [(29.9, False), (30, True), (300, True)])
def test_a_busy_source_is_silent_after_the_set_minutes(minutes: float, told: bool) -> None:
    sources = followed(NOON - 6 * HOUR, NOON, every=60)
    now = NOON + minutes * 60
    sources.read(NOON, now)
    assert silent(sources, now) == (["x"] if told else [])


@pytest.mark.parametrize(("minutes", "told"), [(99, False), (101, True)])
def test_a_slow_source_is_silent_after_twenty_of_its_gaps(minutes: float, told: bool) -> None:
    sources = followed(NOON - 12 * HOUR, NOON, every=300)
    now = NOON + minutes * 60
    sources.read(NOON, now)
    assert silent(sources, now) == (["x"] if told else [])


def test_one_post_ends_a_silence() -> None:
    sources = followed(NOON - 6 * HOUR, NOON, every=60)
    sources.read(NOON, NOON + HOUR)
    sources.saw("x", NOON + HOUR)
    assert silent(sources, NOON + HOUR) == []


@pytest.mark.parametrize(
    ("hours", "told"),
    [(-0.45, False), (3, False), (7, False), (7.4, False), (7.51, True), (12, True)],
)
def test_evenings_nights_and_mornings_like_every_day_are_no_silence_and_a_dead_morning_is(
    hours: float, told: bool
) -> None:
    midnight = NOON + 12 * HOUR
    last = midnight - HOUR  # at 23:00 they all go to sleep, and today nobody wakes up at 7:00
    sources = followed(NOON - 2 * DAY, last, every=60, when=by_day)
    now = midnight + hours * HOUR
    sources.read(last, now)
    assert list(sources.suspects(now, HALF_AN_HOUR)), "by its gap alone it would be called silent"
    assert silent(sources, now) == (["x"] if told else [])


def test_on_the_first_day_the_gap_decides_alone() -> None:
    sources = followed(NOON, NOON + 10.9 * HOUR, every=60)
    sources.read(NOON + 10.9 * HOUR, NOON + 13 * HOUR)
    assert silent(sources, NOON + 13 * HOUR) == ["x"]


@pytest.mark.parametrize(("hours", "told"), [(2, False), (6, False), (7, True)])
def test_on_the_first_night_a_source_that_grew_quiet_gradually_is_not_silent_before_morning(
    hours: float, told: bool
) -> None:
    sources = followed(NOON, NOON + 10 * HOUR, every=60)
    at, gap = NOON + 10 * HOUR, 60.0  # 22:00
    while gap <= 1200:
        sources.saw("x", at)
        at, gap = at + gap, gap * 1.15
    sources.read(NOON + 10 * HOUR, at + hours * HOUR)
    assert list(sources.suspects(at + hours * HOUR, HALF_AN_HOUR)), "by the day's gap alone it would be called silent"
    assert silent(sources, at + hours * HOUR) == (["x"] if told else [])


@pytest.mark.parametrize(("days", "told"), [(0, False), (1, False), (2, True), (4, True)])
def test_it_is_expected_when_it_posted_at_this_time_on_half_of_the_known_days(days: int, told: bool) -> None:
    now = NOON + 6 * HOUR
    silence = Silence("x", 6 * HOUR, 60, HALF_AN_HOUR)
    sources = Sources()
    for number, edges in enumerate(earlier_days(now, HALF_AN_HOUR)[:4]):
        for [begin] in edges:
            sources.read(begin, begin + SLOT)
            if number < days:
                sources.saw("x", begin + 5)
    assert sources.expected(silence, now) is told


def test_a_day_that_is_known_in_part_is_not_compared_with() -> None:
    now = NOON + 6 * HOUR
    sources = Sources()
    for first, _last in earlier_days(now, HALF_AN_HOUR):
        sources.read(first[0], first[0] + SLOT)
    assert sources.expected(Silence("x", 6 * HOUR, 60, HALF_AN_HOUR), now)


def test_time_that_was_read_in_part_counts_in_part() -> None:
    sources = followed(NOON - 6 * HOUR, NOON, every=60)
    sources.read(NOON, NOON + HOUR, share=0.1)  # six minutes' worth
    assert silent(sources, NOON + HOUR) == []
    sources.read(NOON + HOUR, NOON + 1.5 * HOUR)
    assert silent(sources, NOON + 1.5 * HOUR) == ["x"]


def test_samples_tell_the_gap_as_well_as_reading_everything() -> None:
    sources = Sources()
    for number in range(24):
        begin = NOON - DAY + number * HOUR
        for post in range(10):
            sources.saw("x", begin + post * 3)
        sources.read(begin, begin + SLOT, share=30 / SLOT)
    assert sources.gap("x", NOON) == pytest.approx(3)


def test_nobody_makes_us_remember_sources_without_end() -> None:
    sources = Sources()
    for number in range(2 * MOST_SOURCES):
        sources.saw(f"s{number}", NOON)
    assert len(sources._last) == MOST_SOURCES


def test_what_is_older_than_a_week_is_forgotten() -> None:
    sources = followed(NOON, NOON + 3 * HOUR, every=60)
    sources.forget(NOON + 8 * DAY)
    assert sources.gap("x", NOON + 3 * HOUR) is None


@pytest.mark.parametrize(
    ("key", "source"),
    [
        (b"x:1", "x"),
        (b"rss.bbc-1:a:b", "rss.bbc-1"),
        (None, None),
        (b"", None),
        (b"no-colon", None),
        (b":1", None),
        (b"\xff:1", None),
        (b"\x1b[2J:1", None),
        (b"a" * 65 + b":1", None),
    ],
)
def test_a_source_is_read_off_a_key_and_never_guessed(key: bytes | None, source: str | None) -> None:
    assert source_of(key) == source
