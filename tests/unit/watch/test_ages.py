from __future__ import annotations

import math

from pipeline.lag import Offsets
from pipeline.watch.ages import MOST_LOOKS, Bounds, EndHistory, first_undone

HOUR = 3600.0


def looked(*looks: tuple[int, float]) -> EndHistory:
    history = EndHistory()
    for end, at in looks:
        history.saw(end, at)
    return history


def test_what_came_between_two_looks_is_as_old_as_one_of_them() -> None:
    assert looked((5, 0), (5, 10), (8, 20)).bounds(6, now=50) == Bounds(30, 40)


def test_of_what_was_there_at_the_first_look_only_the_least_age_is_known() -> None:
    assert looked((8, 20)).bounds(6, now=50) == Bounds(30, math.inf)


def test_a_clock_that_is_an_hour_off_makes_nothing_older_or_younger() -> None:
    bounds = looked((5, 0), (8, 10)).bounds(5, now=30)
    assert bounds.age(HOUR) == 30  # the producer's clock is behind
    assert bounds.age(25) == 25
    assert bounds.age(-HOUR) == 20  # it is ahead


def test_what_was_there_before_is_as_old_as_its_timestamp_says() -> None:
    bounds = looked((8, 0)).bounds(5, now=10)
    assert bounds.age(HOUR) == HOUR
    assert bounds.age(None) == 10


def test_what_is_done_is_forgotten_but_for_what_bounds_the_rest() -> None:
    history = looked((5, 0), (8, 10), (9, 20))
    history.done(8)
    assert history.bounds(8, now=30) == Bounds(10, 20)


def test_a_topic_that_is_made_anew_has_no_past() -> None:
    assert looked((900, 0), (3, 10)).bounds(2, now=20) == Bounds(10, math.inf)


def test_a_history_has_an_end_and_stays_right() -> None:
    history = looked(*((end, float(end)) for end in range(3 * MOST_LOOKS)))
    bounds = history.bounds(100, now=10_000)
    assert bounds.least <= 10_000 - 101 <= bounds.most
    last = 3 * MOST_LOOKS - 1
    assert history.bounds(last - 1, now=last + 5.0) == Bounds(5, 6)


def test_the_first_undone_is_after_the_commit_or_after_what_retention_took() -> None:
    offsets = Offsets({0: 10, 1: 10, 2: 10}, {0: 20, 1: 20, 2: 20})
    assert first_undone(offsets, {0: 15, 1: 3, 2: 20}) == {0: 15, 1: 10}
    assert first_undone(offsets, {}) == {0: 10, 1: 10, 2: 10}
