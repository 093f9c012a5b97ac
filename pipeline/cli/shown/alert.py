"""Alerts in a terminal: a block of a few lines each in a list, and everything about one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, get_args

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.page.items import gravest_first
from pipeline.page.view import shortest
from pipeline.safe_text import one_line
from schemas.alert import Alert, AlertItem, AlertState, Page, Severity
from schemas.audit import AuditEntry

MOST_WORDS: Final = 160
"""Characters of a post in a list."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
_STATES: Final[tuple[AlertState, ...]] = get_args(AlertState)
STYLES: Final[dict[Severity, str]] = {
    "critical": "bold white on red",
    "error": "bold red",
    "warning": "black on yellow",
    "info": "black on cyan",
}
_OF_THE_STAGE: Final = ("type", "likeness", "counted", "spent", "too_late")
_STATESTYLES: Final[dict[AlertState, str]] = {"open": "bold", "acknowledged": "green", "resolved": "dim"}


def in_order(alerts: Collection[Alert]) -> list[Alert]:
    """Open ones first, then acknowledged; the gravest first, and of those the one that waits for longest.

    Resolved ones come last, the newest first.
    """

    def rank(alert: Alert) -> tuple[int, int, float]:
        if alert.state == "resolved":
            return _STATES.index(alert.state), 0, -(alert.resolved_at or alert.updated_at).timestamp()
        return _STATES.index(alert.state), SEVERITIES.index(alert.severity), alert.opened_at.timestamp()

    return sorted(alerts, key=rank)


def as_object(alert: Alert) -> dict[str, Any]:
    """What ``--json`` prints of an alert: its record in `[alerts]` without what only the page stage needs."""
    converted: dict[str, Any] = msgspec.to_builtins(alert)
    return {name: value for name, value in converted.items() if name not in _OF_THE_STAGE}


def block(alert: Alert, ids: Collection[str], now: dt.datetime) -> RenderableType:
    """An alert in a list; its id is cut to what names it among ``ids``."""
    return Group(_head(alert, shortest(alert.id, ids), now), *_below(alert, now), Text())


def whole(
    alert: Alert, history: Sequence[AuditEntry] | None, now: dt.datetime, zone: dt.tzinfo | None = None
) -> Iterator[RenderableType]:
    """Everything about one alert. Without a ``history`` nothing is said of one. Times are local, or in ``zone``."""
    yield _head(alert, alert.id, now)
    yield from _facts(alert, zone)
    if alert.items:
        more = f", {len(alert.items):,} of them here" if alert.count > len(alert.items) else ""
        yield Text(f"\nPosts ({alert.count:,}{more})", style="bold")
        for item in alert.items:
            yield from _item(item, zone)
    if alert.pages:
        yield Text("\nPages", style="bold")
        yield pages_table(alert.pages, zone)
    if history is not None:
        yield Text("\nHistory", style="bold")
        yield from _history(history, zone) if history else [Text("nothing is in the audit log yet", style="dim")]


def posts(alert: Alert) -> str:
    return f"{alert.count:,} post{'' if alert.count == 1 else 's'}"


def age(since: dt.datetime, now: dt.datetime) -> str:
    """How long ago, in its largest unit: 40s, 12m, 5h, 3d."""
    seconds = max((now - since).total_seconds(), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length * (2 if unit != "m" else 1):
            return f"{seconds // length:.0f}{unit}"
    return f"{seconds:.0f}s"


def pages_table(pages: Sequence[Page], zone: dt.tzinfo | None) -> Table:
    table = _table("When", "Kind", "To", "Through", "Tries", "What became of it")
    for page in pages:
        end = page.end or ("under way" if page.begun_at else "to come")
        answer = f" ({page.answer})" if page.answer else ""
        when = page.ended_at or page.begun_at or page.due_at
        cells = (_at(when, zone), page.kind, page.recipient, page.channel, str(page.tries), f"{end}{answer}")
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    return table


def _history(history: Sequence[AuditEntry], zone: dt.tzinfo | None) -> Iterator[RenderableType]:
    """A line for each act, and its details below it: in a column they would be a word wide."""
    for entry in history:
        head = Text(f"{_at(entry.at, zone)}  {one_line(entry.by)}  ", overflow="fold")
        head.append(one_line(entry.act.replace("-", " ")), style="bold")
        yield head
        if entry.detail:
            yield _indented(", ".join(f"{name} {value}" for name, value in entry.detail.items()), "dim")


def _head(alert: Alert, id: str, now: dt.datetime) -> Text:
    head = Text(overflow="fold")
    head.append(f" {alert.severity.upper()} ", style=STYLES[alert.severity])
    head.append(f" {alert.state}", style=_STATESTYLES[alert.state])
    head.append(f"  {age(alert.opened_at, now)}")
    if alert.title is None:
        head.append(f"  {posts(alert)}")
    head.append(f"  {alert.rule}{' (digest)' if alert.digest else ''}")
    head.append(f"  {id}", style="bold")
    return head


def _below(alert: Alert, now: dt.datetime) -> Iterator[RenderableType]:
    if alert.state == "acknowledged" and alert.acknowledged_at:
        yield _indented(f"acknowledged by {alert.acknowledged_by} {age(alert.acknowledged_at, now)} ago", "green")
    elif alert.state == "resolved" and alert.resolved_at:
        yield _indented(f"resolved by {alert.resolved_by} {age(alert.resolved_at, now)} ago", "dim")
    if alert.title is not None:
        yield _indented(alert.title)
        return
    excerpts = [item.excerpt for item in gravest_first(alert) if item.excerpt]
    place = next((one.place for one in excerpts if one.place), None)
    words = next((one.text for one in excerpts if one.text.strip()), None)
    if words is not None and len(words) > MOST_WORDS:
        words = f"{words[:MOST_WORDS].rstrip()} …"
    if place or words:
        yield _indented(": ".join(part for part in (place, words) if part))


def _facts(alert: Alert, zone: dt.tzinfo | None) -> Iterator[Text]:
    facts: list[tuple[str, str | None]] = [
        ("About", alert.title or alert.group),
        ("Opened", _at(alert.opened_at, zone)),
        ("Acknowledged", _by(alert.acknowledged_by, alert.acknowledged_at, zone)),
        ("Resolved", _by(alert.resolved_by, alert.resolved_at, zone)),
        ("Escalated", f"{alert.step} step{'' if alert.step == 1 else 's'}" if alert.step else None),
        ("Escalates", f"by itself {_at(alert.next_step_at, zone)}" if alert.next_step_at else None),
        ("Paged again", _at(alert.next_repeat_at, zone) if alert.next_repeat_at else None),
    ]
    for name, value in facts:
        if value:
            yield Text(f"{name:<14}{one_line(value)}", overflow="fold")


def _item(item: AlertItem, zone: dt.tzinfo | None) -> Iterator[RenderableType]:
    excerpt = item.excerpt
    head = Text(f"  {_at(excerpt.posted_at if excerpt else item.revision, zone)}", overflow="fold")
    if excerpt:
        head.append(f"  {excerpt.grade} {excerpt.label.replace('_', ' ')} {100 * excerpt.score:.0f} %")
        head.append(" unsure" if excerpt.unsure else "", style="italic yellow")
        head.append(f"  {one_line(excerpt.place)}" if excerpt.place else "")
    head.append(f"  {one_line(item.uid)}", style="dim")
    if item.state != "live":
        head.append(f"  {item.state}", style="bold red")
    yield head
    if excerpt:
        yield _indented(excerpt.text, indent=4) if excerpt.text.strip() else _indented("(no words)", "dim", 4)
        if excerpt.url:
            yield _indented(excerpt.url, "dim", 4)


def _by(by: str | None, at: dt.datetime | None, zone: dt.tzinfo | None) -> str | None:
    return f"{_at(at, zone)} by {by}" if at else None


def _at(moment: dt.datetime, zone: dt.tzinfo | None) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _indented(text: str, style: str = "", indent: int = 2) -> Padding:
    return Padding(Text(one_line(text), style=style, overflow="fold"), (0, 0, 0, indent), expand=False)


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == "When")
    return table
