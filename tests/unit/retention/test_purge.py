"""Deleting slowly."""

from __future__ import annotations

import pytest

from pipeline.retention.purge import Throttle


class Time:
    """A clock and a sleep that belong together."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_no_more_than_the_rate_is_deleted_in_a_second() -> None:
    time = Time()
    throttle = Throttle(500, time.monotonic, time.sleep)
    for _ in range(10):
        throttle.wait(250)
    assert time.now == pytest.approx(5.0)


def test_time_that_was_lost_is_not_made_up_for() -> None:
    time = Time()
    throttle = Throttle(500, time.monotonic, time.sleep)
    time.sleep(60)
    throttle.wait(500)
    assert time.now == pytest.approx(61.0)
