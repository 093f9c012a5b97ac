"""An alert opens, is acknowledged, escalates and is resolved. Pure.

After PagerDuty: an acknowledgement stops repeats and steps, a resolved alert is over (what comes after it opens
another one), and whoever was paged is told once that it is resolved, so that nobody sets out in vain and a pager that
rings by itself stops. Services that hold an incident open are told both. Unlike there, an immediate item that comes
after the acknowledgement opens the alert again: whoever acknowledged has not seen it.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import Final

from msgspec.structs import replace

from pipeline.alert.rules import RulesFile
from pipeline.audit import ITSELF, audited
from pipeline.message import Outgoing
from pipeline.page.calls import CALLS, STATES, call, holding, needless, pass_on, reached, tell, when
from pipeline.page.policy import ACKNOWLEDGED_TOO, HOLDING, policy_of
from schemas.alert import Alert, Page

LEAST_BETWEEN_STEPS: Final = dt.timedelta(minutes=1)


def alert_id(*parts: str) -> str:
    """The same of the same parts: a candidate that is delivered twice opens one alert."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest)[:16].decode().lower()


def acknowledged(rules: RulesFile, alert: Alert, by: str, now: dt.datetime) -> Alert:
    """Somebody sees to it. Calls that have not been delivered are needless, those under way, too: they are not tried
    again.
    """
    seen_to = replace(
        alert,
        state="acknowledged",
        acknowledged_at=now,
        acknowledged_by=by,
        next_repeat_at=None,
        next_step_at=None,
        pages=[needless(page, now) if page.kind in CALLS else page for page in alert.pages],
    )
    return pass_on(seen_to, "acknowledged", now, holding(rules, alert, ACKNOWLEDGED_TOO))


def open_again(alert: Alert) -> Alert:
    """Acknowledged, and then something grave came of which whoever acknowledged could not know: it pages and escalates from
    the beginning, until somebody acknowledges that, too. By whom it was acknowledged before stays.
    """
    return replace(alert, state="open", step=0, next_step_at=None, next_repeat_at=None)


def escalated(rules: RulesFile, alert: Alert, now: dt.datetime) -> Alert:
    """The next step is taken at ``now``; without one, all whom the alert concerns are paged again.

    It is open again: whoever escalates what is acknowledged asks for somebody else.
    """
    policy = policy_of(rules, alert)
    steps = policy.steps
    names = steps[alert.step].to if alert.step < len(steps) else None
    taken = alert.step
    alert = replace(alert, state="open", step=alert.step + 1, next_step_at=None)
    alert = call(rules, alert, "escalation", now, names)
    if taken + 1 < len(steps):
        between = dt.timedelta(minutes=steps[taken + 1].after_minutes - steps[taken].after_minutes)
        alert = replace(alert, next_step_at=when(rules, policy, alert, now) + max(between, LEAST_BETWEEN_STEPS))
    return alert


def resolved(rules: RulesFile, alert: Alert, by: str, now: dt.datetime) -> Alert:
    """It is over. Pages that have not been delivered are needless; whoever was reached is told, of a digest nobody but
    services that hold it open.
    """
    services = holding(rules, alert)
    called = [] if alert.digest else [pair for pair in reached(alert) if pair not in services]
    over = replace(
        alert,
        state="resolved",
        resolved_at=now,
        resolved_by=by,
        next_repeat_at=None,
        next_step_at=None,
        likeness=[],
        pages=[needless(page, now) for page in alert.pages],
    )
    return pass_on(tell(rules, over, "resolved", now, called), "resolved", now, services)


def overtaken(rules: RulesFile, alert: Alert, page: Page, now: dt.datetime) -> Alert:
    """A page that was needless before its try ended may have reached its service, after word of the state: that is told
    once more.
    """
    if alert.state == "open" or page.kind in STATES:
        return alert
    kinds = ACKNOWLEDGED_TOO if alert.state == "acknowledged" else HOLDING
    service = page.channel, page.recipient
    return pass_on(alert, alert.state, now, [service]) if service in holding(rules, alert, kinds) else alert


def opened_note(alert: Alert, now: dt.datetime) -> Outgoing:
    return audited("alert-opened", alert.id, now, rule=alert.rule, severity=alert.severity, group=alert.group)


def open_again_note(alert: Alert, now: dt.datetime) -> Outgoing:
    return audited("alert-open-again", alert.id, now, rule=alert.rule, reason="an immediate item")


def resolved_note(alert: Alert, now: dt.datetime, by: str = ITSELF, **detail: str) -> Outgoing:
    return audited("alert-resolved", alert.id, now, by=by, rule=alert.rule, **detail)


def escalated_note(alert: Alert, now: dt.datetime, by: str = ITSELF, **detail: str) -> Outgoing:
    return audited("alert-escalated", alert.id, now, by=by, step=str(alert.step), **detail)
