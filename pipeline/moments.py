"""Dates as people give them on a command line. Pure."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Literal

from pipeline.errors import InvalidInput

_AGO: Final = re.compile(r"(\d{1,6})\s*([smhdw])", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

Edge = Literal["start", "end"]


def moment(text: str, now: dt.datetime, edge: Edge = "start", zone: dt.tzinfo | None = None) -> dt.datetime:
    """The moment that ``text`` means: ``2h`` or ``3d`` before ``now``, a date, or an RFC 3339 date and time.

    A date alone is its first moment, or with ``edge="end"`` the first moment of the next day. Where no UTC offset is given,
    ``zone`` holds, or this machine's time zone as it was at that date. Raises `InvalidInput`.
    """
    text = text.strip()
    try:
        if ago := _AGO.fullmatch(text):
            return now - dt.timedelta(seconds=int(ago[1]) * _SECONDS[ago[2].lower()])
        if _DAY.fullmatch(text):
            day = dt.date.fromisoformat(text) + dt.timedelta(days=edge == "end")
            return _located(dt.datetime.combine(day, dt.time()), zone)
        return _located(dt.datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is not a date or a time span.",
            "Write 2h, 3d or 1w for so long ago, a date like 2026-10-03, or a moment like 2026-10-03T14:05:00Z.",
        ) from None


def _located(moment: dt.datetime, zone: dt.tzinfo | None) -> dt.datetime:
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone) if zone else moment.astimezone()


def span(seconds: float) -> str:
    """How long that is, as a person would say it: 45 s, 4 min, 3 h, 2 days."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} days"
