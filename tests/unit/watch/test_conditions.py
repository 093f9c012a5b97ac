from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from pipeline.lag import READERS
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import (
    Waiting,
    blind_conditions,
    dead_letter_conditions,
    lag_conditions,
    rules_conditions,
    silent_source_conditions,
    told_once,
)
from pipeline.watch.lives import Lives
from pipeline.watch.sources import Silence
from pipeline.watch.worker_conditions import (
    clock_conditions,
    paused_conditions,
    restart_conditions,
    unseen_conditions,
)
from tests.doubles.manual_clock import START
from tests.unit.watch.reports import report

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


def severities(found: Sequence[Condition]) -> dict[str, str]:
    return {one.about: one.severity for one in found}


@pytest.mark.parametrize(
    ("seconds", "severity"), [(0, None), (60, None), (60.1, "error"), (300, "error"), (300.1, "critical")]
)
def test_lag_is_told_by_the_age_of_the_oldest_message(seconds: float, severity: str | None) -> None:
    found = lag_conditions({"page": [Waiting("alert-candidates", 3, seconds)]}, 60)
    assert severities(found) == ({"page": severity} if severity else {})


def test_of_a_stage_of_several_topics_the_worst_is_told() -> None:
    [found] = lag_conditions(
        {
            "index": [
                Waiting("flagged", 9, 70),
                Waiting("alerts", 2, 4000),
            ]
        },
        60,
    )
    assert found.title.startswith("index is 67 min behind: 2 messages of [alerts] wait.")


def test_a_stage_without_work_or_without_topics_has_no_lag() -> None:
    assert lag_conditions({"index": [], "classify": [Waiting("posts", 100_000, 59)]}, 60) == []


def test_a_stage_that_says_it_is_paused_is_told_with_what_lets_it_go_on() -> None:
    lives = Lives()
    lives.saw(report(state="paused", detail="251 of the last 500 messages could not be used"), START)
    [found] = paused_conditions(lives, START + 5 * SECOND)
    assert (found.rule, found.about, found.severity) == ("system-paused", "classify", "critical")
    assert "251 of the last 500" in found.title
    assert "flagpost worker resume classify" in found.title


def test_a_pause_of_a_worker_that_is_gone_is_no_pause() -> None:
    lives = Lives()
    lives.saw(report(state="paused"), START)
    assert paused_conditions(lives, START + MINUTE) == []
    lives.saw(report(), START + MINUTE)
    assert paused_conditions(lives, START + MINUTE) == []


@pytest.mark.parametrize(
    ("leads", "told"),
    [
        ((60, 60, 60), None),
        ((61,), ("error", "61 s ahead of Kafka's")),
        ((-3, -3, 400 * 86_400), ("critical", "400 days ahead of Kafka's")),
        ((-7200, -7201), None),  # both may have been on their way for two hours, while Kafka was away
        ((-7200, -7201, -7200), ("critical", "2 h behind Kafka's")),
        ((-7200, -7200, -2), None),
    ],
)
def test_a_machines_clock_that_is_wrong_is_told_once_it_is_sure(
    leads: Sequence[float], told: tuple[str, str] | None
) -> None:
    lives = Lives()
    for stage in ("classify", "index"):
        for number, lead in enumerate(leads):
            at = START + number * SECOND
            lives.saw(report(stage=stage, at=at + lead * SECOND), at)
    found = told_once(clock_conditions(lives, START + 5 * SECOND))
    assert [(one.about, one.severity) for one in found] == ([("control-1", told[0])] if told else [])
    assert all(told is not None and told[1] in one.title for one in found)
    assert clock_conditions(lives, START + MINUTE) == [], "of a worker that is gone nobody knows"


def lives_that_start(
    *after: float, host: str = "control-1", ended: bool = False, alive_at: float | None = None
) -> Lives:
    """Workers that start so many seconds after START; each says one thing, and once more at ``alive_at``."""
    lives = Lives()
    for number, seconds in enumerate(after):
        at = START + seconds * SECOND
        lives.saw(report(pid=number, host=host, started_at=at), at)
        if ended:
            lives.saw(report(pid=number, host=host, started_at=at, state="ended"), at + SECOND)
        if alive_at is not None:
            lives.saw(report(pid=number, host=host, started_at=at), START + alive_at * SECOND)
    return lives


@pytest.mark.parametrize(("starts", "told"), [((0, 60), False), ((0, 60, 120), True), ((0, 60, 120, 180), True)])
def test_three_starts_within_ten_minutes_are_told(starts: tuple[float, ...], told: bool) -> None:
    found = restart_conditions(lives_that_start(*starts), START + 5 * MINUTE)
    assert severities(found) == ({"classify": "error"} if told else {})


def test_a_start_counts_for_ten_minutes() -> None:
    lives = lives_that_start(0, 60, 120)
    assert restart_conditions(lives, START + 10 * MINUTE)
    assert not restart_conditions(lives, START + 10 * MINUTE + SECOND)


def test_workers_that_are_started_side_by_side_are_no_storm() -> None:
    assert not restart_conditions(lives_that_start(0, 1, 2, 3, 4, alive_at=60), START + MINUTE)


def test_workers_that_ended_as_they_were_asked_to_are_no_storm() -> None:
    assert not restart_conditions(lives_that_start(0, 60, 120, 180, ended=True), START + 4 * MINUTE)


def test_one_that_crashes_beside_one_that_lives_is_told() -> None:
    lives = lives_that_start(0, 60, 120, 180)
    lives.saw(report(pid=99, started_at=START - 60 * MINUTE), START - 11 * MINUTE)
    lives.saw(report(pid=99, started_at=START - 60 * MINUTE), START + 4 * MINUTE)
    [found] = restart_conditions(lives, START + 4 * MINUTE)
    assert "started 4 times within 10 min on control-1" in found.title


def test_starts_on_many_machines_are_a_release_and_no_storm() -> None:
    lives = Lives()
    for number in range(9):
        lives.saw(report(host=f"pod-{number}", pid=1), START)
    assert not restart_conditions(lives, START + MINUTE)


def test_starts_are_counted_by_the_brokers_clock() -> None:
    lives = Lives()
    for number in range(3):
        wrong = START - dt.timedelta(hours=1) + number * SECOND
        lives.saw(report(pid=number, started_at=wrong, at=wrong), START + number * MINUTE)
    assert restart_conditions(lives, START + 3 * MINUTE)


def signs(stages: Sequence[str], begin: dt.datetime, end: dt.datetime) -> Lives:
    lives = Lives()
    at = begin
    while at <= end:
        for stage in stages:
            lives.saw(report(stage=stage), at)
        at += 5 * SECOND
    return lives


@pytest.mark.parametrize(("seconds", "told"), [(60, False), (61, True)])
def test_a_stage_that_gives_no_sign_for_a_minute_is_told(seconds: int, told: bool) -> None:
    lives = signs(["classify", "page"], START - 10 * MINUTE, START)
    now = START + seconds * SECOND
    while (lives.last_sign("page") or now) < now:
        lives.saw(report(stage="page"), (lives.last_sign("page") or now) + 5 * SECOND)
    found = unseen_conditions(lives, ["classify", "page"], now, START - 10 * MINUTE, mine="page")
    assert severities(found) == ({"classify": "critical"} if told else {})


def test_a_stage_that_never_ran_is_not_missed() -> None:
    lives = signs(["page"], START - 10 * MINUTE, START)
    assert unseen_conditions(lives, [], START, START - 10 * MINUTE) == []


def test_a_stage_that_ran_before_anybody_looked_is_missed_after_a_minute() -> None:
    lives = signs(["page"], START, START + 61 * SECOND)
    assert unseen_conditions(lives, ["index"], START + 60 * SECOND, START) == []
    [found] = unseen_conditions(lives, ["index"], START + 61 * SECOND, START)
    assert "for 15 min or more" in found.title
    assert "`flagpost worker index` starts one" in found.title


def test_after_an_outage_nobody_is_missed_before_all_had_time_to_come_back() -> None:
    lives = signs(list(READERS), START - 10 * MINUTE, START)
    back = START + 5 * MINUTE
    lives.saw(report(stage="page"), back)
    assert unseen_conditions(lives, list(READERS), back, START - 10 * MINUTE) == []
    for seconds in range(5, 65, 5):
        lives.saw(report(stage="page"), back + seconds * SECOND)
    found = unseen_conditions(lives, list(READERS), back + 61 * SECOND, START - 10 * MINUTE)
    assert set(severities(found)) == set(READERS) - {"page"}


def test_a_watcher_that_was_restarted_misses_at_once_who_was_missed_before() -> None:
    lives = signs(["page"], START - 10 * MINUTE, START)
    lives.saw(report(stage="classify"), START - 9 * MINUTE)
    assert unseen_conditions(lives, ["classify"], START, looked_since=START)


@pytest.mark.parametrize(
    ("dead", "records", "told"),
    [(0, 0, False), (4, 10, False), (5, 250, True), (5, 251, False), (20, 1000, True), (19, 1000, False)],
)
def test_dead_letters_are_told_by_their_share_from_five_on(dead: int, records: int, told: bool) -> None:
    found = dead_letter_conditions(dead, records, {}, 0.02)
    assert severities(found) == ({"classify": "error"} if told else {})


def test_one_dead_letter_of_another_stage_is_told() -> None:
    found = dead_letter_conditions(0, 500, {"ingest": 3, "index": 1}, 0.02)
    assert severities(found) == {"index": "error", "ingest": "warning"}
    assert "index could not use 1 message" in found[0].title


def test_a_silence_tells_how_long_and_what_is_normal() -> None:
    [found] = silent_source_conditions([Silence("bluesky", 2400, 42, 1800)])
    assert (found.rule, found.about) == ("system-silent-source", "bluesky")
    assert found.title.startswith("Nothing came from bluesky for 40 min; normally there is a post every 42 s.")


def test_a_rules_file_that_is_wrong_is_told_while_it_is() -> None:
    assert rules_conditions(None) == []
    [wrong] = rules_conditions("Line 3 of rules.yaml, rules[0].to: it needs at least 1 entries.")
    assert (wrong.rule, wrong.severity) == ("system-rules", "error")
    assert "Line 3 of rules.yaml" in wrong.title


def test_who_can_not_look_says_so_after_a_minute() -> None:
    assert blind_conditions(60, "Nobody answers.") == []
    [found] = blind_conditions(61, "Nobody answers.")
    assert (found.rule, found.about) == ("system-lag", "kafka")
    assert "Nobody answers." in found.title


def condition(rule: str, about: str, severity: str) -> Condition:
    return Condition(rule=rule, about=about, severity=severity, title="")  # type: ignore[arg-type]


def test_one_thing_is_told_once_and_as_bad_as_it_is() -> None:
    storm, gone = condition("system-restarts", "index", "error"), condition("system-restarts", "index", "critical")
    assert told_once([storm, gone]) == told_once([gone, storm]) == [gone]


def test_a_lag_that_another_condition_explains_is_not_told() -> None:
    lag = condition("system-lag", "index", "critical")
    for cause in (condition("system-paused", "index", "critical"), condition("system-restarts", "index", "critical")):
        assert told_once([lag, cause]) == [cause]
    for other in (condition("system-paused", "classify", "critical"), condition("system-restarts", "index", "error")):
        assert told_once([lag, other]) == [lag, other]


def test_a_title_is_never_longer_than_an_alert_takes() -> None:
    lives = Lives()
    lives.saw(report(state="paused", detail="x" * 512), START)
    [found] = paused_conditions(lives, START)
    assert len(found.title) == 512
