"""Pages are tried, and tried again: what is begun now, and what the outcome of a try changes. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.alert.rules import RulesFile
from pipeline.audit import audited
from pipeline.message import Outgoing
from pipeline.page.book import Draft
from pipeline.page.calls import CALLS, STATES, gathers
from pipeline.page.conditions import channel_fails, channel_works
from pipeline.page.due import waiting
from pipeline.page.lifecycle import escalated, escalated_note, overtaken
from pipeline.page.policy import policy_of
from schemas.alert import SEVERITIES, Alert, Page

WAITS: Final = tuple(
    dt.timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""After a failed try, the first, the second …; after the last one the page has failed. The schedule of Standard
Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). A repeat of the
alert pulls the next try forward, so an alert that nobody has acknowledged is tried as often as it repeats.
"""

CALLED_AGAIN: Final = dt.timedelta(minutes=5)
"""After a page that will never be delivered, where nothing else calls its recipient: what refuses it (a wrong key, a channel
that can't be opened) may be put right.
"""

TROUBLE_AFTER: Final = 3
"""Failed tries of one page after which its channel is said to fail: more than five minutes."""

MOST_ANSWER: Final = 100
"""Characters of a channel's answer that are kept."""

GONE: Final = "no longer in the rules file"


class Try(Struct, frozen=True):
    """One try of a page, with the alert as it is now."""

    alert: Alert
    page: Page


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a try. ``answer`` holds no secret and no text of a post."""

    alert: str
    page: str
    channel: str
    end: Literal["delivered", "failed", "refused"]
    answer: str
    retry_after: float | None = None
    """Seconds, where a channel that failed asks for it."""


def begin(
    draft: Draft, rules: RulesFile, free: Mapping[str, int], sending: Collection[str], now: dt.datetime
) -> list[Try]:
    """Notes that tries begin: of the pages that are due, those for which a channel has room; what nobody has been told yet
    before what is only told again, and then the most severe alerts' first.

    ``free``: channel → how many more it may send at once. ``sending``: pages that are under way.
    """
    left = dict(free)
    tries: list[Try] = []
    for alert in sorted(draft.due(now), key=lambda alert: _rank(alert, now)):
        begun: list[str] = []
        changed = alert
        for page in alert.pages:
            if not waiting(page) or page.due_at > now or page.id in sending:
                continue
            if address_of(rules, page) is None or page.channel not in free:
                draft.notes.append(_page_note("page-failed", alert, page, GONE, now))
                changed = _failed(draft, rules, changed, page, GONE, now)
            elif left[page.channel] > 0:
                left[page.channel] -= 1
                begun.append(page.id)
                changed = _with(
                    changed, replace(page, tries=page.tries + 1, begun_at=now, due_at=min(page.due_at, now))
                )
        if changed is not alert:
            changed = draft.put(changed, now)
            tries += [Try(changed, page) for page in changed.pages if page.id in begun]
    return tries


def _rank(alert: Alert, now: dt.datetime) -> tuple[bool, int, dt.datetime]:
    due = (page for page in alert.pages if waiting(page) and page.due_at <= now)
    return all(page.kind == "repeat" for page in due), SEVERITIES.index(alert.severity), alert.opened_at


def address_of(rules: RulesFile, page: Page) -> str | None:
    """The recipient's in the page's channel; None where the file knows one of them no more."""
    person = rules.people.get(page.recipient)
    return person.channels.get(page.channel) if person else None


def ended(draft: Draft, rules: RulesFile, outcome: Outcome, now: dt.datetime) -> str:
    """Notes what came of a try; returns how it is counted: delivered, failed, retried, needless or unknown."""
    alert = draft.get(outcome.alert)
    page = next((page for page in alert.pages if page.id == outcome.page), None) if alert else None
    if alert is None or page is None:
        return "unknown"
    answer = _plain(outcome.answer)
    act = "page-sent" if outcome.end == "delivered" else "page-failed"
    draft.notes.append(_page_note(act, alert, page, answer, now))
    if outcome.end == "delivered":
        delivered = _with(alert, replace(page, end="delivered", ended_at=now, answer=answer))
        draft.put(overtaken(rules, delivered, page, now) if page.end else delivered, now)
        channel_works(draft, rules, outcome.channel, now)
        return "delivered"
    if outcome.end == "refused" or page.tries >= TROUBLE_AFTER:
        channel_fails(draft, rules, outcome.channel, now)
    if page.end is not None:  # somebody has acknowledged meanwhile
        after = alert if outcome.end == "refused" else overtaken(rules, alert, page, now)
        if after is not alert:
            draft.put(after, now)
        return "needless"
    if outcome.end == "refused" or page.tries > len(WAITS):
        draft.put(_failed(draft, rules, alert, page, answer, now), now)
        return "failed"
    asked = dt.timedelta(seconds=outcome.retry_after) if outcome.retry_after else dt.timedelta()
    again = now + (asked or WAITS[page.tries - 1])
    draft.put(_with(alert, replace(page, due_at=_after_its_try(page, again), answer=answer)), now)
    return "retried"


def _failed(draft: Draft, rules: RulesFile, alert: Alert, page: Page, answer: str, now: dt.datetime) -> Alert:
    """The alert with a page that will never be delivered. Where nothing else reaches its recipient, it escalates at
    once; where there is no step left and no repeat to come, people are called again after `CALLED_AGAIN`.
    """
    alert = _with(alert, replace(page, end="failed", ended_at=now, answer=answer))
    others = [one for one in alert.pages if one.recipient == page.recipient and one.id != page.id]
    reached = any(one.end in (None, "delivered") for one in others)
    left = alert.step < len(policy_of(rules, alert).steps)
    if alert.state != "open":
        return alert
    if left and page.kind in CALLS and not gathers(alert) and not reached:
        alert = escalated(rules, alert, now)
        draft.notes.append(escalated_note(alert, now, reason="a page failed"))
    elif (
        page.kind not in STATES and alert.next_repeat_at is None and not any(_calls_since(one, page) for one in others)
    ):
        alert = replace(alert, next_repeat_at=now + CALLED_AGAIN)
    return alert


def _calls_since(other: Page, page: Page) -> bool:
    """Whether ``other`` has reached its recipient since ``page`` was due, or may do so yet."""
    delivered = other.end == "delivered" and other.ended_at is not None and other.ended_at >= page.due_at
    return delivered or other.end is None


def _with(alert: Alert, changed: Page) -> Alert:
    return replace(alert, pages=[changed if page.id == changed.id else page for page in alert.pages])


def _after_its_try(page: Page, moment: dt.datetime) -> dt.datetime:
    """``moment``, but after the try began, though the clock was set back: else it would look as if it were under
    way.
    """
    return max(moment, page.begun_at + dt.timedelta(microseconds=1)) if page.begun_at else moment


def _page_note(act: str, alert: Alert, page: Page, answer: str, now: dt.datetime) -> Outgoing:
    return audited(
        act,
        alert.id,
        now,
        page=page.id,
        kind=page.kind,
        channel=page.channel,
        recipient=page.recipient,
        tries=str(page.tries),
        answer=answer,
    )


def _plain(answer: str) -> str:
    return "".join(one if one.isprintable() else " " for one in answer)[:MOST_ANSWER]
