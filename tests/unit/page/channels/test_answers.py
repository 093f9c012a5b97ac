"""What the status of an answer says about a page."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.page.channels.answers import LONGEST_WAIT, delivered, seconds
from pipeline.page.notice import ChannelFailed, ChannelRefused

NOW = dt.datetime(2026, 8, 15, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_delivered(status: int) -> None:
    assert delivered(status).startswith(str(status))


@pytest.mark.parametrize("status", [300, 301, 307, 308, 400, 401, 403, 404, 410, 413, 422, 451, 499])
def test_redirects_and_client_errors_are_refused(status: int) -> None:
    with pytest.raises(ChannelRefused, match=str(status)):
        delivered(status)


@pytest.mark.parametrize("status", [100, 408, 425, 429, 500, 502, 503, 504, 599, 600, 999])
def test_what_time_may_cure_has_failed(status: int) -> None:
    with pytest.raises(ChannelFailed, match=str(status)) as failed:
        delivered(status)
    assert failed.value.retry_after is None


@pytest.mark.parametrize(("status", "wait"), [(429, 7.0), (503, 7.0), (500, None), (408, None)])
def test_only_a_busy_or_resting_service_may_ask_for_a_wait(status: int, wait: float | None) -> None:
    with pytest.raises(ChannelFailed) as failed:
        delivered(status, "7", NOW)
    assert failed.value.retry_after == wait


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("999999999999999999999999", LONGEST_WAIT),
        ("Sat, 15 Aug 2026 12:01:30 GMT", 90.0),
        ("Sat, 15 Aug 2026 11:00:00 GMT", 0.0),
        ("Sat, 15 Aug 2099 11:00:00 GMT", LONGEST_WAIT),
        ("soon", None),
        ("-7", None),
        ("7.5", None),
        ("٧", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_in_seconds_or_until_a_date_and_never_long(header: str | None, wait: float | None) -> None:
    assert seconds(header, NOW) == wait
