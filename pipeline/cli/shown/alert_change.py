"""What changed about an alert, as one line of `flagpost alerts watch`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from rich.text import Text

from pipeline.cli.shown.alert import STYLES, posts
from pipeline.page.view import Change
from pipeline.page.wording import headline
from pipeline.safe_text import one_line
from schemas.alert import Alert


def changes(change: Change) -> list[str]:
    """What has changed, each in a few words; nothing where only a try of a page began."""
    before, now = change.before, change.now
    if now is None:
        return ["is kept no longer"]
    if before is None:
        return [f"{state(now)}, {posts(now)}" if now.title is None else state(now)]
    found = []
    if now.step > before.step:
        found.append(f"escalated, step {now.step}")
    if now.state != before.state and not (now.state == "open" and now.step > before.step):
        found.append("reopened" if now.state == "open" else state(now))
    if now.count != before.count:
        found.append(f"{posts(now)} by now")
    found += _items_changed(before, now)
    found += _pages_ended(before, now)
    if now.title != before.title:
        found.append("is worded anew")
    return found


def change_line(alert: Alert, what: str, zone: dt.tzinfo | None = None) -> Text:
    """One line of ``flagpost alerts watch``."""
    line = Text(f"{alert.updated_at.astimezone(zone):%H:%M:%S}  ", style="dim", overflow="fold")
    line.append(f" {alert.severity.upper()} ", style=STYLES[alert.severity])
    line.append(f"  {alert.id}  ", style="dim")
    line.append(one_line(headline(alert)))
    line.append(f": {one_line(what)}", style="bold")
    return line


def _items_changed(before: Alert, now: Alert) -> Iterator[str]:
    known = {item.uid: item for item in before.items}
    for item in now.items:
        was = known.get(item.uid)
        if was is not None and was.state != item.state:
            yield f"{item.uid} is {item.state}" + (" again" if item.state == "live" else "")
        elif was is not None and was.revision != item.revision:
            yield f"{item.uid} was edited"


def _pages_ended(before: Alert, now: Alert) -> Iterator[str]:
    known = {page.id: page for page in before.pages}
    for page in now.pages:
        was = known.get(page.id)
        to = f"page to {page.recipient} through {page.channel}"
        if page.end in ("delivered", "failed") and (was is None or was.end is None):
            yield f"{to} {page.end}" + (f" ({page.answer})" if page.answer and page.end == "failed" else "")
        elif was is not None and page.end is None and was.begun_at == page.begun_at and was.due_at < page.due_at:
            yield f"{to} is tried again" + (f" ({page.answer})" if page.answer else "")


def state(alert: Alert) -> str:
    by = {"open": None, "acknowledged": alert.acknowledged_by, "resolved": alert.resolved_by}[alert.state]
    return f"{alert.state} by {by}" if by else alert.state
