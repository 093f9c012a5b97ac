"""By a clock that is ahead of Kafka's nothing is deleted."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.errors import StageHalted
from pipeline.retention.clocks import require_not_ahead
from pipeline.retention.tombstones import SLACK
from tests.doubles.manual_clock import START


@pytest.mark.parametrize("of_kafka", [None, START, START - SLACK, START + dt.timedelta(days=400)])
def test_a_clock_that_is_right_or_behind_may_delete(of_kafka: dt.datetime | None) -> None:
    require_not_ahead(START, of_kafka)


@pytest.mark.parametrize(
    ("ahead", "told"), [(dt.timedelta(hours=1, seconds=1), "60 min"), (dt.timedelta(days=365), "365 days")]
)
def test_a_clock_that_is_ahead_is_told_by_how_much(ahead: dt.timedelta, told: str) -> None:
    with pytest.raises(StageHalted, match=f"{told} ahead of Kafka's"):
        require_not_ahead(START, START - ahead)
