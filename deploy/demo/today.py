"""The Saturday, moved in time so that its last post was written just now: who is paged depends on how old a post is."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, Final

LAST: Final = dt.datetime(2026, 8, 15, 23, tzinfo=dt.UTC)
"""After every post of the Saturday, edits and deletions included."""

FIRST: Final = dt.datetime(2026, 8, 14, tzinfo=dt.UTC)

_DATES: Final = ("created_at", "edited_at", "deleted_at")


def move(source: Path, target: Path, now: dt.datetime) -> None:
    """Writes ``source`` to ``target`` as of ``now``. Lines that are no posts stay as they are, and so do dates that are
    none of that day's.
    """
    shift = now.replace(microsecond=0) - LAST
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(moved(line, shift) for line in source.read_bytes().splitlines(keepends=True)))


def moved(line: bytes, shift: dt.timedelta) -> bytes:
    """One line, with its line end."""
    try:
        post = json.loads(line)
    except ValueError:
        return line
    if not isinstance(post, dict) or not any(name in post for name in _DATES):
        return line
    for name in _DATES:
        if name in post:
            post[name] = _later(post[name], shift)
    return json.dumps(post, ensure_ascii=False).encode() + line[len(line.rstrip()) :]


def _later(date: Any, shift: dt.timedelta) -> Any:
    try:
        moment = dt.datetime.fromisoformat(date)
        return (moment + shift).isoformat() if FIRST <= moment <= LAST else date
    except (TypeError, ValueError):  # no date, or one without an offset: the line is one of the bad ones
        return date
