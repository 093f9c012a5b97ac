"""What happens to alerts because time passes. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec.structs import replace

from pipeline.alert.rules import RulesFile
from pipeline.audit import ITSELF
from pipeline.page.book import Draft
from pipeline.page.calls import call
from pipeline.page.due import in_flight
from pipeline.page.lifecycle import escalated, escalated_note, resolved, resolved_note
from pipeline.page.policy import policy_of
from pipeline.page.story import REMEMBERED
from schemas.alert import Alert, Page, PageKind

SWEEP_EVERY: Final = dt.timedelta(minutes=1)


def tick(draft: Draft, rules: RulesFile, now: dt.datetime) -> None:
    """Steps and repeats that are due."""
    for alert in draft.due(now):
        if alert.state != "open":
            continue
        if alert.next_step_at is not None and alert.next_step_at <= now:
            draft.put(_step(draft, rules, alert, now), now)
        elif alert.next_repeat_at is not None and alert.next_repeat_at <= now:
            draft.put(_repeat(rules, alert, now), now)


def sweep(draft: Draft, rules: RulesFile, now: dt.datetime) -> None:
    """Resolves alerts without news, and forgets those that were resolved long ago. Goes over every alert."""
    for alert in draft.all():
        if alert.state == "resolved":
            if alert.resolved_at is not None and alert.resolved_at + REMEMBERED <= now:
                draft.forget(alert.id)
        elif _is_over(rules, alert, now):
            draft.notes.append(resolved_note(alert, now, reason="no news"))
            draft.put(resolved(rules, alert, ITSELF, now), now)


def resume(draft: Draft, sending: frozenset[str], now: dt.datetime) -> None:
    """Whoever begins to write `[alerts]` tries every page again whose last try has no outcome, but for those in
    ``sending``.

    It may have been delivered; the id tells the receiver that it is the same.
    """
    for alert in draft.all():
        cut_off = {page.id for page in alert.pages if in_flight(page)} - sending
        if cut_off:
            pages = [_due_again(page, now) if page.id in cut_off else page for page in alert.pages]
            draft.put(replace(alert, pages=pages), now)


def _due_again(page: Page, now: dt.datetime) -> Page:
    """Due after its last try began: that is what tells a page that waits from one that is under way."""
    begun = page.begun_at or now
    return replace(page, due_at=max(now, begun + dt.timedelta(microseconds=1)))


def _step(draft: Draft, rules: RulesFile, alert: Alert, now: dt.datetime) -> Alert:
    if alert.step >= len(policy_of(rules, alert).steps):  # the file has fewer now
        return replace(alert, next_step_at=None)
    alert = escalated(rules, alert, now)
    draft.notes.append(escalated_note(alert, now))
    return alert


def _repeat(rules: RulesFile, alert: Alert, now: dt.datetime) -> Alert:
    """Without a page so far (nobody could be paged) this is the first."""
    first: PageKind = "digest" if alert.digest else "open"
    kind: PageKind = "repeat" if alert.pages else first
    return call(rules, replace(alert, next_repeat_at=None), kind, now)


def _is_over(rules: RulesFile, alert: Alert, now: dt.datetime) -> bool:
    """Whether so long nothing came that the alert resolves. Never while somebody is still to be told of it."""
    after = policy_of(rules, alert).resolve_after
    if after is None or any(page.end is None for page in alert.pages):
        return False
    return (alert.news_at or alert.opened_at) + after <= now
