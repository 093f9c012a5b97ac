"""A hold as people read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from pipeline.retention.holds import SURE
from pipeline.safe_text import one_line
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.item import Withdrawn


def as_object(one: Hold) -> dict[str, Any]:
    """What ``list --json`` prints of a hold."""
    fields = {"id": document_id(one.source, one.id), "uid": one.uid, "by": one.by, "at": one.at, "why": one.why}
    ends = {"until": one.until, "to_forget": one.to_forget, "state": state_of(one)}
    converted: dict[str, Any] = msgspec.to_builtins({**fields, **ends})
    return converted


def state_of(one: Hold) -> str:
    if not one.in_force(dt.datetime.now(dt.UTC)):
        return "to be forgotten" if one.to_forget else "lapsed"
    if isinstance(one.known, Withdrawn):
        return "deleted" if one.known.reason == "deleted" else "withdrawn"
    return "held"


def table(holds: Iterable[Hold]) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Id", "Since", "By", "Until", "State", "Why"):
        made.add_column(title, overflow="fold", no_wrap=title in ("Id", "Since", "Until"))
    for one in holds:
        listed = as_object(one)
        until = last_day(one.until) if one.until else "–"
        cells = (listed["id"][:SURE], f"{one.at.astimezone():%Y-%m-%d}", one.by, until, listed["state"], one.why)
        made.add_row(*(Text(one_line(cell)) for cell in cells))
    return made


def told(one: Hold) -> str:
    """Whose hold it is, how long it lasts, and what for."""
    return f"by {one_line(one.by)} since {one.at.astimezone():%Y-%m-%d} {lasts(one)}, {one_line(one.why)}"


def lasts(one: Hold) -> str:
    return f"until {last_day(one.until)}" if one.until else "until it is released"


def last_day(until: dt.datetime) -> str:
    """The day that a person gave as ``--until``: a hold lapses with the first moment of the next."""
    return f"{(until - dt.timedelta(microseconds=1)).astimezone():%Y-%m-%d}"
