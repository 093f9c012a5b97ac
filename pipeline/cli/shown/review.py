"""A decision as people read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from pipeline.cli.hit import local_time
from pipeline.errors import WithoutEffect
from pipeline.review.log import Entry
from pipeline.review.numbering import MOST, Applied, Fate, Outdated, Overtaken, TooMany
from pipeline.review.submit import Submitted
from pipeline.safe_text import one_line
from schemas.identity import document_id
from schemas.item import Decision

_ORDINALS = {1: "st", 2: "nd", 3: "rd"}


def decided(decision: Decision) -> str:
    """What was decided: ``intel + complaint, prompt``, ``dismissed``, or ``as the model said``."""
    if decision.dismissed:
        return "dismissed"
    labels = [decision.label] if decision.label else []
    parts = [" + ".join([*labels, *(decision.also or [])]).replace("_", " ")]
    if decision.also == []:
        parts[0] = f"{parts[0]} and no other label".strip()
    elif decision.also and not labels:
        parts[0] = f"also {parts[0]}"
    parts.append(decision.grade or "")
    return ", ".join(part for part in parts if part) or "as the model said"


def who_and_when(decision: Decision, zone: dt.tzinfo | None = None) -> str:
    """``a.khan, 2026-08-15 12:20``, in local time or in ``zone``."""
    return f"{one_line(decision.by)}, {local_time(decision.at.isoformat(), zone)}"


def with_note(decision: Decision) -> str:
    """`decided`, and the note."""
    return decided(decision) + (f" ({one_line(decision.note)})" if decision.note else "")


def table(entries: Sequence[Entry]) -> Table:
    """Who decided what, when, and what became of it."""
    shown = Table("who, when", "decided", "became", box=None, header_style="bold", pad_edge=False)
    for entry in entries:
        cells = (who_and_when(entry.review.decision), with_note(entry.review.decision), became(entry.fate))
        shown.add_row(*(Text(cell) for cell in cells))
    return shown


def without_effect(submitted: Submitted) -> WithoutEffect:
    """Says why the decision changes nothing, who decided what before it, and what to do."""
    first = submitted.first
    if first is None:
        return WithoutEffect(
            f"There are {MOST:,} decisions on this wording already: yours is a dead letter.",
            "Nothing can be decided on it any more, until the post is edited.",
        )
    told = f"{who_and_when(first.review.decision)}: {with_note(first.review.decision)}"
    if isinstance(submitted.entry.fate, Outdated):
        return WithoutEffect(
            f"The post was edited, and the edit was decided on ({told}). Yours is kept as history and changes nothing.",
            "Look at it as it is now, and decide again.",
        )
    return WithoutEffect(
        f"Somebody decided before you ({told}). Yours is kept as history and changes nothing.",
        "To insist, give the same command with --over.",
    )


def became(fate: Fate) -> str:
    """What became of a decision, in a few words: ``applied, the 2nd`` on its wording …"""
    match fate:
        case Applied(number):
            return f"applied, the {ordinal(number)}"
        case Overtaken():
            return "overtaken"
        case Outdated():
            return "outdated by an edit"
        case TooMany():
            return "refused: too many decisions"


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th`` …"""
    return f"{number}{'th' if number % 100 in (11, 12, 13) else _ORDINALS.get(number % 10, 'th')}"


def as_object(entry: Entry) -> dict[str, Any]:
    """What ``--json`` prints of a decision."""
    review = entry.review
    told: dict[str, Any] = msgspec.to_builtins(
        {
            "id": document_id(review.source, review.id),
            "uid": review.uid,
            "offset": entry.offset,
            "fate": _NAMES[type(entry.fate)],
            "number": entry.fate.number if isinstance(entry.fate, Applied) else None,
            "seen": review.item.reviews,
            "over": review.over,
            "revision": review.item.revision,
            "decision": review.decision,
        }
    )
    return told


_NAMES = {Applied: "applied", Overtaken: "overtaken", Outdated: "outdated", TooMany: "refused"}
