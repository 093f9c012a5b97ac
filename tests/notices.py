"""Alerts and pages for tests of what is said to people and how it is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import msgspec

from pipeline.page.notice import Notice
from schemas.alert import Alert, AlertItem, Excerpt, Page

OPENED: Final = dt.datetime(2026, 8, 15, 13, 0, tzinfo=dt.UTC)
"""14:00 in London."""


def excerpt(**fields: Any) -> Excerpt:
    given: dict[str, Any] = {
        "label": "help_request",
        "grade": "immediate",
        "score": 0.97,
        "text": "he's outside my door again with the bat",
        "posted_at": OPENED - dt.timedelta(minutes=2),
        "place": "Castle Sands",
        "url": "https://social.example/posts/1",
    }
    return Excerpt(**given | fields)


def item(number: int = 1, **fields: Any) -> AlertItem:
    given = {"source": "x", "id": str(number), "version": number, "excerpt": excerpt()}
    revision = (fields.get("excerpt") or given["excerpt"]).posted_at
    return AlertItem(**given | {"revision": revision} | fields)


def alert(**fields: Any) -> Alert:
    given: dict[str, Any] = {
        "id": "abcdefghijklmnop",
        "sequence": 1,
        "rule": "immediate-danger",
        "severity": "critical",
        "group": "help_request, Castle Sands",
        "state": "open",
        "opened_at": OPENED,
        "updated_at": OPENED,
        "count": 1,
        "items": [item()],
    }
    return Alert(**given | fields)


def page(**fields: Any) -> Page:
    given: dict[str, Any] = {
        "id": "abcdefghijklmnop-1",
        "kind": "open",
        "channel": "desk",
        "recipient": "duty-inspector",
        "due_at": OPENED,
        "begun_at": OPENED,
        "tries": 1,
    }
    return Page(**given | fields)


def notice(kind: str = "open", **fields: Any) -> Notice:
    given: dict[str, Any] = {
        "page": page(kind=kind),
        "alert": alert(),
        "title": "IMMEDIATE help request · Castle Sands",
        "text": "“he's outside my door again with the bat”",
        "link": "https://alerts.force.example/a/token",
        "address": "",
    }
    return Notice(**given | fields)


def another_try(one: Notice) -> Notice:
    """The same page once more."""
    again = msgspec.structs.replace(one.page, tries=one.page.tries + 1)
    return msgspec.structs.replace(one, page=again)
