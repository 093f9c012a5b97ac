"""When an alert next has something to do by the clock. Pure."""

from __future__ import annotations

import datetime as dt

from schemas.alert import Alert, Page


def in_flight(page: Page) -> bool:
    """Whether a try has begun whose outcome is not written down."""
    return page.end is None and page.begun_at is not None and page.due_at <= page.begun_at


def waiting(page: Page) -> bool:
    """Whether it is still to be sent, or to be tried again."""
    return page.end is None and not in_flight(page)


def next_at(alert: Alert) -> dt.datetime | None:
    """The first moment at which a page is due, or a step or a repeat. None when it only waits for people and for
    posts.
    """
    moments = [page.due_at for page in alert.pages if waiting(page)]
    if alert.state == "open":
        moments += [moment for moment in (alert.next_step_at, alert.next_repeat_at) if moment is not None]
    return min(moments, default=None)
