"""What a candidate does to the alerts. Pure.

An item pages once per rule. A newer version of it updates its alert; an older one, or the same again, changes nothing:
so a candidate may come twice and a replay pages nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from pipeline.alert.rules import RulesFile
from pipeline.audit import ITSELF
from pipeline.page import story
from pipeline.page.book import Draft
from pipeline.page.calls import call, news, reached, tell
from pipeline.page.due import waiting
from pipeline.page.items import (
    is_counted,
    is_immediate,
    item,
    item_of,
    nothing_left,
    with_changed,
    with_new,
)
from pipeline.page.lifecycle import alert_id, open_again, open_again_note, opened_note, resolved, resolved_note
from pipeline.page.policy import policy_of_rule
from schemas.alert import Alert, AlertItem, Gone, ItemState, Match, Matched, PageKind

PAUSE: Final = dt.timedelta(minutes=5)
"""A digest of old posts is paged when none came for so long …"""

LONGEST: Final = dt.timedelta(hours=1)
"""… or so long after its first at the latest."""


def take_candidate(draft: Draft, rules: RulesFile, candidate: Matched | Gone, now: dt.datetime) -> str:
    """Notes in ``draft`` what ``candidate`` changes; returns a word for the counters."""
    holders = draft.holding(candidate.uid)
    told = [one.version for one in _told(holders, candidate.uid)]
    if told and candidate.version < max(told):
        return "known"  # a rule that it matched, and that its newer version does not, is not to open an alert now
    matches = {match.rule: match for match in candidate.matches} if isinstance(candidate, Matched) else {}
    notes = [_left(draft, rules, alert, candidate, now) for alert in holders if alert.rule not in matches]
    if isinstance(candidate, Matched):
        for match in matches.values():
            having = [alert for alert in holders if alert.rule == match.rule]
            known = _again if having else _new
            notes.append(known(draft, rules, match, candidate, having, now))
    return next((note for note in NOTES if note in notes), "ignored")


NOTES: Final = ("opened", "digested", "joined", "changed", "known")
"""What a candidate may have done; of several matches the first in this order is told."""


def _told(alerts: Iterable[Alert], uid: str) -> list[AlertItem]:
    """The item, as each of the alerts tells it that does."""
    return [one for alert in alerts if (one := item_of(alert, uid)) is not None]


# An item that alerts have already


def _left(draft: Draft, rules: RulesFile, alert: Alert, candidate: Matched | Gone, now: dt.datetime) -> str:
    """The item is gone, or its rule matches it no more."""
    before = item_of(alert, candidate.uid)
    if before is None or candidate.version <= before.version:
        return "known"
    gone = isinstance(candidate, Gone)
    after = replace(
        before,
        version=candidate.version,
        revision=candidate.revision,
        state=_state(candidate),
        excerpt=None if gone else before.excerpt,
    )
    alert = with_changed(alert, after)
    if alert.state != "resolved" and before.state == "live":
        if nothing_left(alert):
            alert = resolved(rules, alert, ITSELF, now)
            draft.notes.append(resolved_note(alert, now, reason=after.state))
        elif gone and not alert.digest:
            alert = tell(rules, alert, "changed", now, reached(alert))
    draft.put(alert, now)
    return "changed"


def _state(candidate: Matched | Gone) -> ItemState:
    if isinstance(candidate, Gone):
        return "deleted" if candidate.reason == "deleted" else "withdrawn"
    return "dismissed" if candidate.dismissed else "unmatched"


def _again(
    draft: Draft, rules: RulesFile, match: Match, candidate: Matched, having: Sequence[Alert], now: dt.datetime
) -> str:
    """An item that the rule matched before, in one alert or, after that was over, in several.

    It is news when it is immediate and was not, or when it had gone and is back. An alert that is open tells it; what only a
    digest or a resolved alert knows opens another one, unless it is too old by now.
    """
    uid, after, told = candidate.uid, item(candidate), _told(having, candidate.uid)
    if told and candidate.version <= max(one.version for one in told):
        return "known"
    back = bool(told) and all(one.state != "live" for one in told)
    was_immediate = any(map(is_immediate, told)) or any(is_counted(alert, uid, immediate=True) for alert in having)
    graver = is_immediate(after) and (back or not was_immediate)
    for alert in having:
        if item_of(alert, uid):  # also in those that are over: whatever comes again is known then
            draft.put(replace(with_changed(alert, after), severity=match.severity), now)
    open_alerts = [alert for alert in having if alert.state != "resolved" and not alert.digest]
    if story.too_old(rules, candidate, now) or not (graver or (back and not open_alerts)):
        return "changed" if told else "known"
    if not open_alerts:
        over = any(alert.state == "resolved" and not alert.digest for alert in having)
        return _new(draft, rules, match, candidate, having, now, "reopened" if over else "open")
    alert = draft.get(open_alerts[0].id) or open_alerts[0]
    if item_of(alert, uid) is None:
        return _join(draft, rules, alert, after, now)
    draft.put(news(rules, _unseen(draft, alert, now), "changed", now, urgent=True), now)
    return "changed"


# An item that is new to its rule


def _new(
    draft: Draft,
    rules: RulesFile,
    match: Match,
    candidate: Matched,
    having: Sequence[Alert],
    now: dt.datetime,
    kind: PageKind = "open",
) -> str:
    newcomer = item(candidate)
    if group := story.too_old(rules, candidate, now):
        return _digest(draft, rules, match, newcomer, group, now)
    place = story.find(draft, match, candidate)
    if place is None:
        policy = policy_of_rule(rules, match.rule)
        if story.opened_this_hour(draft, match.rule, now) >= policy.most_an_hour:
            return _digest(draft, rules, match, newcomer, story.OVERFLOW, now)
        alert = _blank(match, match.group, newcomer, now)
        alert = with_new(replace(alert, likeness=candidate.likeness), newcomer, now)
        wait = dt.timedelta() if is_immediate(newcomer) else policy.wait
        draft.notes.append(opened_note(alert, now))
        draft.put(call(rules, alert, kind, now + wait), now)
        return "opened"
    alert, repeat = place
    if repeat and not (is_immediate(newcomer) and not any(map(is_immediate, alert.items))):
        draft.put(with_new(alert, newcomer, now), now)
        return "joined"
    return _join(draft, rules, alert, newcomer, now)


def _join(draft: Draft, rules: RulesFile, alert: Alert, newcomer: AlertItem, now: dt.datetime) -> str:
    """The alert has news. Once somebody has acknowledged it only an immediate item is: that one nobody has seen."""
    urgent = is_immediate(newcomer)
    alert = with_new(alert, newcomer, now)
    if urgent:
        alert = news(rules, _unseen(draft, alert, now), "more", now, urgent)
    elif alert.state == "open":
        alert = news(rules, alert, "more", now, urgent)
    draft.put(alert, now)
    return "joined"


def _unseen(draft: Draft, alert: Alert, now: dt.datetime) -> Alert:
    """The alert open again, where somebody had acknowledged it."""
    if alert.state != "acknowledged":
        return alert
    draft.notes.append(open_again_note(alert, now))
    return open_again(alert)


def _digest(draft: Draft, rules: RulesFile, match: Match, newcomer: AlertItem, group: str, now: dt.datetime) -> str:
    alert = story.gathering(draft, match.rule, group, now)
    if alert is None:
        alert = replace(_blank(match, group, newcomer, now), digest=True)
        draft.notes.append(opened_note(alert, now))
    alert = with_new(alert, newcomer, now)
    match group:
        case story.OLD:
            due = min(now + PAUSE, alert.opened_at + LONGEST)
            alert = _postponed(call(rules, alert, "digest", due), due)
        case story.OVERFLOW:
            if is_immediate(newcomer):
                alert = _unseen(draft, alert, now)
            alert = call(rules, alert, "digest", story.hour_of(alert.opened_at) + dt.timedelta(hours=1))
            if is_immediate(newcomer):
                alert = news(rules, alert, "digest", now, urgent=True)
    draft.put(alert, now)
    return "digested"


def _postponed(alert: Alert, due: dt.datetime) -> Alert:
    """The alert with its pages at ``due`` at the earliest."""
    pages = [replace(page, due_at=max(page.due_at, due)) if waiting(page) else page for page in alert.pages]
    return replace(alert, pages=pages)


def _blank(match: Match, group: str, first: AlertItem, now: dt.datetime) -> Alert:
    """A new alert without anything in it. Its first item's version makes it another one than any before it."""
    return Alert(
        id=alert_id(match.rule, group, first.uid, str(first.version)),
        sequence=1,
        rule=match.rule,
        severity=match.severity,
        group=group,
        state="open",
        opened_at=now,
        updated_at=now,
    )
