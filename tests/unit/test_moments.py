from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import InvalidInput
from pipeline.moments import moment
from tests.doubles.manual_clock import START

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", dt.timedelta(seconds=90)),
        ("15m", dt.timedelta(minutes=15)),
        ("2h", dt.timedelta(hours=2)),
        ("3D", dt.timedelta(days=3)),
        (" 1w ", dt.timedelta(days=7)),
    ],
)
def test_a_span_counts_back_from_now(text: str, ago: dt.timedelta) -> None:
    assert moment(text, START) == START - ago


def test_an_offset_that_is_given_holds() -> None:
    assert moment("2026-10-03T14:05:00+02:00", START, zone=LONDON) == dt.datetime(2026, 10, 3, 12, 5, tzinfo=dt.UTC)
    assert moment("2026-10-03T14:05:00Z", START, zone=LONDON) == dt.datetime(2026, 10, 3, 14, 5, tzinfo=dt.UTC)


def test_without_an_offset_the_local_time_of_that_date_holds() -> None:
    assert moment("2026-08-01T12:00", START, zone=LONDON).utcoffset() == dt.timedelta(hours=1)
    assert moment("2026-12-01T12:00", START, zone=LONDON).utcoffset() == dt.timedelta(0)


def test_a_date_begins_with_its_first_and_ends_with_its_last_moment() -> None:
    assert moment("2026-10-03", START, zone=dt.UTC) == dt.datetime(2026, 10, 3, tzinfo=dt.UTC)
    assert moment("2026-10-03", START, "end", zone=dt.UTC) == dt.datetime(2026, 10, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["", "2x", "yesterday-ish", "2026-13-01", "-2h", "9999999h", "999999w", "9999-12-31x"])
def test_what_is_no_date_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a date or a time span"):
        moment(text, START)
