from __future__ import annotations

import datetime as dt

from pipeline.watch.lives import ALIVE_FOR, LOOK_BACK, Lives
from tests.doubles.manual_clock import START
from tests.unit.watch.reports import report

SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)


def test_a_life_is_one_process_from_its_first_sign_to_its_last() -> None:
    lives = Lives()
    lives.saw(report(state="starting"), START)
    lives.saw(report(state="running"), START + 5 * SECOND)
    lives.saw(report(started_at=START + 9 * SECOND), START + 9 * SECOND)  # the pid is another process's by now
    first, second = lives
    assert (first.first_at, first.last_at, first.report.state) == (START, START + 5 * SECOND, "running")
    assert second.first_at == START + 9 * SECOND


def test_a_worker_is_alive_until_it_ends_or_gives_no_sign() -> None:
    lives = Lives()
    lives.saw(report(pid=1), START)
    lives.saw(report(pid=2, state="ended"), START)
    silent, ended = lives
    assert silent.alive(START + ALIVE_FOR)
    assert not silent.alive(START + ALIVE_FOR + SECOND)
    assert not ended.alive(START)


def test_what_ended_long_ago_is_forgotten() -> None:
    lives = Lives()
    lives.saw(report(), START)
    lives.forget(START + LOOK_BACK)
    assert list(lives)
    lives.forget(START + LOOK_BACK + SECOND)
    assert not list(lives)


def test_ones_own_report_tells_how_wrong_the_own_clock_is() -> None:
    lives = Lives()
    assert lives.skew("here", 1) is None
    lives.saw(report(host="here", pid=1, at=START + HOUR), START)
    lives.saw(report(host="there", pid=1, at=START), START)
    assert lives.skew("here", 1) == -HOUR
    assert lives.now(START - HOUR) == START, "no earlier than the newest sign"


def test_the_last_three_signs_tell_how_far_a_clock_is_ahead_at_least() -> None:
    lives = Lives()
    for number in range(5):
        lives.saw(report(at=START + number * HOUR), START)
    [life] = lives
    assert life.leads == (2 * HOUR, 3 * HOUR, 4 * HOUR)


def test_signs_go_on_or_come_again_after_a_gap() -> None:
    lives = Lives()
    assert lives.resumed_at() is None
    lives.saw(report(pid=1), START)
    lives.saw(report(pid=2), START + ALIVE_FOR)
    assert lives.resumed_at() == START
    lives.saw(report(pid=2), START + 2 * ALIVE_FOR + SECOND)
    assert lives.resumed_at() == START + 2 * ALIVE_FOR + SECOND
