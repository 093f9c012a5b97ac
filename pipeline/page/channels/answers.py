"""What the status of an HTTP answer says about a page. Pure."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from pipeline.page.notice import ChannelFailed, ChannelRefused

LONGEST_WAIT: Final = 3600.0
"""Seconds that a ``Retry-After`` is believed at most: nobody may put off a page for a day."""

_TRY_AGAIN: Final = (408, 425, 429)
"""Client errors that time cures."""

_WITH_WAIT: Final = (429, 503)


def delivered(status: int, retry_after: str | None = None, now: dt.datetime | None = None) -> str:
    """The answer for the log, where ``status`` says that the page is there. Raises `ChannelRefused` or `ChannelFailed`."""
    if problem := problem_of(status, retry_after, now):
        raise problem
    return _named(status)


def problem_of(
    status: int, retry_after: str | None = None, now: dt.datetime | None = None, detail: str = ""
) -> ChannelRefused | ChannelFailed | None:
    """Why a page is not there, or None where it is. ``detail`` is told along.

    ``retry_after`` is the header of that name as it came; a date in it is compared with ``now``.
    """
    said = f"it answered {_named(status)}" + (f" ({detail})" if detail else "")
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return ChannelRefused(f"{said}, and redirects are not followed")
    if 400 <= status < 500 and status not in _TRY_AGAIN:
        return ChannelRefused(said)
    return ChannelFailed(said, seconds(retry_after, now) if status in _WITH_WAIT else None)


def seconds(retry_after: str | None, now: dt.datetime | None = None) -> float | None:
    """Seconds from ``now`` that a ``Retry-After`` asks for, at most `LONGEST_WAIT`; None where it asks for nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    if not text or now is None:
        return None
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
