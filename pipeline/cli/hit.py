"""One hit of `flagpost search` as an analyst reads it: when, how urgent, the words, why, the link, what was decided."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from pipeline.index.search import HIT_END, HIT_START, Hit
from pipeline.safe_text import one_line

MOST_CHARACTERS: Final = 600
"""Of a post's text; a longer one is cut around the first thing that was found."""

SHOWN_OF_ID: Final = 8
"""Characters of a document's id, 40 bits: enough to name it by among a million."""

MOST_NAMES: Final = 12
"""Of what a post names; the rest is in ``--json``."""

_BEFORE: Final = 120
_NAMES: Final = ("registration_marks", "phones", "postcodes", "what3words", "roads", "places")
_GRADES: Final = {"immediate": "bold white on red", "prompt": "black on yellow", "routine": "black on cyan"}
_LABELS: Final = {"intel": "magenta", "help_request": "red", "complaint": "blue"}


def render(hit: Hit, zone: dt.tzinfo | None = None) -> RenderableType:
    """A block of at least two lines. Times are local, or in ``zone``."""
    flagpost = _object(hit, "flagpost")
    text = hit.marked if hit.marked is not None else str(hit.document.get("message", ""))
    words = _marked(cut(one_line(text))) if text.strip() else Text("(no words)", style="dim")
    parts: list[RenderableType] = [_head(hit, flagpost, zone), Padding(words, (0, 0, 0, 2), expand=False)]
    if reasons := [one_line(str(reason.get("text", ""))) for reason in flagpost.get("reasons", [])]:
        parts.append(Padding(Text(f"why: {' · '.join(reasons)}", style="dim"), (0, 0, 0, 2)))
    if names := _names(hit):
        parts.append(Padding(Text(f"names: {names}", style="dim"), (0, 0, 0, 2)))
    if url := _object(hit, "event").get("url"):
        parts.append(Text(f"  {one_line(str(url))}", style="dim", overflow="fold"))
    if review := flagpost.get("review"):
        parts.append(Padding(_decision(review, flagpost.get("verdict") or {}, zone), (0, 0, 0, 2)))
    return Group(*parts, Text())


def cut(text: str) -> str:
    """``text``, at most about `MOST_CHARACTERS` of it, with the first thing that was found in it."""
    if len(text) <= MOST_CHARACTERS:
        return text
    found = text.find(HIT_START)
    start = max(found - _BEFORE, 0) if found > MOST_CHARACTERS - _BEFORE else 0
    end = start + MOST_CHARACTERS
    piece = text[start:end]
    if piece.rfind(HIT_START) > piece.rfind(HIT_END):
        piece += HIT_END
    return f"{'… ' if start else ''}{piece}{' …' if end < len(text) else ''}"


def _head(hit: Hit, flagpost: dict[str, Any], zone: dt.tzinfo | None) -> Text:
    head = Text(overflow="fold")
    grade = one_line(str(flagpost.get("grade") or "no grade"))
    head.append(f" {grade.upper()} ", style=_GRADES.get(grade, "reverse"))
    labels = [str(flagpost.get("label", "?")), *map(str, flagpost.get("also", []))]
    for place, label in enumerate(labels):
        head.append(" + " if place else " ")
        head.append(one_line(label).replace("_", " "), style=_LABELS.get(label, ""))
    if (flagpost.get("review") or {}).get("dismissed"):
        head.append(" dismissed", style="bold")
    elif flagpost.get("unsure") and not flagpost.get("review"):
        head.append(" unsure", style="italic yellow")
    head.append(f"  {local_time(hit.document.get('@timestamp'), zone)}", style="bold")
    user, geo = _object(hit, "user"), _object(hit, "geo")
    who = user.get("name") or user.get("full_name") or user.get("id")
    about = [str(flagpost.get("source", "?")), f"@{str(who).lstrip('@')}" if who else "", str(geo.get("name") or "")]
    about.append(hit.id[:SHOWN_OF_ID])
    head.append("  " + one_line(" · ".join(part for part in about if part)), style="dim")
    return head


def _names(hit: Hit) -> str:
    """What its text names, the rarest kinds first."""
    related = _object(hit, "related")
    names = [one_line(str(name)) for kind in _NAMES for name in related.get(kind, [])]
    return " · ".join([*names[:MOST_NAMES], "…"] if len(names) > MOST_NAMES else names)


def _decision(review: dict[str, Any], verdict: dict[str, Any], zone: dt.tzinfo | None) -> Text:
    """Who decided, when, and why, with what the model had said where that was something else."""
    who = one_line(str(review.get("by", "?")))
    told = f"{'dismissed' if review.get('dismissed') else 'reviewed'} by {who}, {local_time(review.get('at'), zone)}"
    if review.get("note"):
        told += f": {one_line(str(review['note']))}"
    said = [
        str(verdict[name]).replace("_", " ")
        for name in ("label", "grade")
        if verdict.get(name) and review.get(name) not in (None, verdict[name])
    ]
    if said:
        told += f" (the model said {', '.join(said)})"
    return Text(told, style="green")


def local_time(value: object, zone: dt.tzinfo | None = None) -> str:
    """A moment as ``2026-10-03 14:05``, in this machine's time zone or in ``zone``."""
    try:
        return f"{dt.datetime.fromisoformat(str(value)).astimezone(zone):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return "no date"


def _marked(text: str) -> Text:
    rendered = Text(overflow="fold")
    for piece in text.split(HIT_START):
        found, end, rest = piece.partition(HIT_END)
        if end:
            rendered.append(found, style="bold underline yellow")
            rendered.append(rest)
        else:
            rendered.append(piece)
    return rendered


def _object(hit: Hit, name: str) -> dict[str, Any]:
    value = hit.document.get(name)
    return value if isinstance(value, dict) else {}
