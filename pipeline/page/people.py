"""What people do to alerts: acknowledge, escalate, resolve. Pure.

An action may come twice, by a crash or by a second click: it is done once, since the alert remembers it. Nobody's is
refused for its date: an old acknowledgement still tells that somebody knew.

An escalation says how many steps its author saw taken. Where more are by now, the next in line has been called already:
it is overtaken and changes nothing, so two who escalate at once skip nobody.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from pipeline.alert.rules import RulesFile
from pipeline.audit import audited
from pipeline.page.book import Draft
from pipeline.page.lifecycle import acknowledged, escalated, escalated_note, resolved, resolved_note
from schemas.alert import Action, Alert

MOST_SPENT: Final = 128
"""Actions that an alert remembers, the last ones."""

MOST_MARK: Final = 128
"""Characters of a link's token; no longer one was ever made."""


def take_action(draft: Draft, rules: RulesFile, action: Action, now: datetime) -> str:
    """Notes in ``draft`` what ``action`` changes; returns a word for the counters."""
    alert = draft.get(action.alert)
    mark = mark_of(action)
    if alert is None:
        return "unknown_alert"
    if mark in alert.spent:
        return "known"
    alert = replace(alert, spent=[*alert.spent, mark][-MOST_SPENT:])
    detail = {"via": action.via, "note": action.note} if action.note else {"via": action.via}
    note = "too_late"
    match action.kind:
        case "acknowledge" if alert.state == "open":
            alert, note = acknowledged(rules, alert, action.by, now), "acknowledged"
            draft.notes.append(audited("alert-acknowledged", alert.id, now, by=action.by, rule=alert.rule, **detail))
        case "escalate" if alert.state != "resolved" and not is_overtaken(alert, action):
            alert, note = escalated(rules, alert, now), "escalated"
            draft.notes.append(escalated_note(alert, now, by=action.by, **detail))
        case "resolve" if alert.state != "resolved":
            alert, note = resolved(rules, alert, action.by, now), "resolved"
            draft.notes.append(resolved_note(alert, now, by=action.by, **detail))
        case _:
            alert = replace(alert, too_late=[*(one for one in alert.too_late if one in alert.spent), mark])
            stands = {"action": action.kind, "state": alert.state, "step": str(alert.step)}
            draft.notes.append(audited("action-too-late", alert.id, now, by=action.by, **stands, **detail))
    draft.put(alert, now)
    return note


def is_overtaken(alert: Alert, action: Action) -> bool:
    """Whether ``action`` escalates, and somebody or the clock has done so since its author looked. Not where it does not
    say what its author saw.
    """
    return action.kind == "escalate" and action.step is not None and action.step < alert.step


def mark_of(action: Action) -> str:
    """What the alert remembers of an action: its link's token, or a mark of who did what and when."""
    if action.token is not None and len(action.token) <= MOST_MARK and action.token.isascii():
        return action.token
    parts = (action.kind, action.by, action.at.isoformat(), action.token or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
