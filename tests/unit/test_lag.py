from __future__ import annotations

from pathlib import Path

from pipeline.lag import Offsets, lag_of
from pipeline.settings import Settings
from pipeline.status import lags_from

HALF_GONE = Offsets({0: 100, 1: 0}, {0: 150, 1: 10})


def test_a_group_that_never_committed_has_everything_to_do() -> None:
    assert lag_of(HALF_GONE, {}) == 60
    assert HALF_GONE.messages == 60


def test_what_is_committed_is_done() -> None:
    assert lag_of(HALF_GONE, {0: 140, 1: 10}) == 10
    assert lag_of(HALF_GONE, {0: 150, 1: 10}) == 0


def test_what_retention_took_away_is_not_to_be_done_any_more() -> None:
    assert lag_of(HALF_GONE, {0: 20, 1: 10}) == 50


def test_a_commit_beyond_the_end_is_no_negative_lag() -> None:
    assert lag_of(HALF_GONE, {0: 151, 1: 10}) == 0


def test_each_stage_has_the_lag_of_its_own_group_on_its_own_topics() -> None:
    settings = Settings(home=Path("nowhere"), namespace="n")
    offsets = {"n-posts": Offsets({0: 0}, {0: 5}), "n-flagged": Offsets({0: 0}, {0: 3})}
    committed = {"n-flagpost-classify": {"n-posts": {0: 4}, "n-flagged": {0: 3}}, "n-flagpost-index": {}}
    lags = {lag.stage: (lag.group, lag.topic, lag.lag) for lag in lags_from(offsets, committed, settings)}
    assert lags == {
        "classify": ("n-flagpost-classify", "n-posts", 1),
        "index": ("n-flagpost-index", "n-flagged", 3),
        "alert": ("n-flagpost-alert", "n-flagged", 3),
    }


def test_a_topic_that_is_not_there_has_no_lag() -> None:
    assert lags_from({}, {}, Settings(home=Path("nowhere"))) == []
