"""Alerts about flagpost itself: one for each thing that is wrong, for as long as it is. Pure.

What comes and goes pages no more often than the repeat of such alerts: one that opens again sooner waits, and is
needless when it ends before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, get_args

from msgspec.structs import replace

from pipeline.alert.rules import RulesFile
from pipeline.audit import ITSELF, audited
from pipeline.page.book import Draft
from pipeline.page.calls import call, news
from pipeline.page.lifecycle import alert_id, opened_note, resolved, resolved_note
from pipeline.page.policy import policy_of
from pipeline.watch.condition import Condition, SystemRule
from schemas.alert import SEVERITIES, Alert
from schemas.identity import milliseconds

MISSED: Final = 2
"""A condition that was not reported so many times is over."""

CHANNEL: Final[SystemRule] = "system-channel"
"""The rule of alerts about channels through which no page gets, which the page stage opens itself."""

SETTINGS: Final[SystemRule] = "system-channel-settings"
"""That of channels that can't even be opened."""

RULES: Final[tuple[SystemRule, ...]] = get_args(SystemRule)

MOST_SHORT: Final = 512

Missed = Mapping[str, int]
"""Id of an open alert → how many looks in a row have not reported its condition."""


def take_conditions(
    draft: Draft, rules: RulesFile, conditions: Sequence[Condition], missed: Missed, now: dt.datetime
) -> Missed:
    """Opens an alert for every condition that has none, tells of what has become graver, and resolves those whose
    condition is over.
    """
    reported = {(one.rule, one.about): one for one in conditions}
    for condition in reported.values():
        _open(draft, rules, condition, now)
    counts: dict[str, int] = {}
    for alert in (alert for rule in RULES for alert in draft.unresolved(rule)):
        if any((alert.rule, alert.group) == key for key in reported):
            continue
        if alert.rule == CHANNEL:
            if alert.group not in rules.channels:
                _close(draft, rules, alert, now, "the channel is no longer in the rules file")
            continue
        counts[alert.id] = missed.get(alert.id, 0) + 1
        if counts[alert.id] >= MISSED:
            _close(draft, rules, alert, now, "it is over")
    return counts


def channel_fails(draft: Draft, rules: RulesFile, channel: str, now: dt.datetime) -> None:
    """Opens an alert about a channel, if there is none."""
    if any(alert.group == channel for alert in draft.unresolved(SETTINGS)):
        return
    title = f"Pages do not get through the channel {channel}: see its answers in `flagpost alerts list`."
    _open(draft, rules, Condition(rule=CHANNEL, about=channel, severity="error", title=title), now)


def unusable_channels(reasons: Mapping[str, str]) -> list[Condition]:
    """Channels that could not even be opened: that is to be known before somebody must be paged through one."""
    return [
        Condition(rule=SETTINGS, about=name, severity="error", title=f"The channel {name} can't be used: {reason}")
        for name, reason in reasons.items()
    ]


def channel_works(draft: Draft, rules: RulesFile, channel: str, now: dt.datetime) -> None:
    """Resolves the alert about a channel."""
    for alert in draft.unresolved(CHANNEL):
        if alert.group == channel:
            _close(draft, rules, alert, now, "the channel delivers again")


def _open(draft: Draft, rules: RulesFile, condition: Condition, now: dt.datetime) -> None:
    known = next((alert for alert in draft.unresolved(condition.rule) if alert.group == condition.about), None)
    if known is not None:
        _compare(draft, rules, known, condition, now)
        return
    alert = Alert(
        id=alert_id(condition.rule, condition.about, str(milliseconds(now))),
        sequence=1,
        rule=condition.rule,
        severity=condition.severity,
        group=condition.about[:MOST_SHORT],
        state="open",
        opened_at=now,
        updated_at=now,
        news_at=now,
        title=condition.title[:MOST_SHORT],
    )
    repeat = policy_of(rules, alert).repeat or dt.timedelta()
    ends = (one.resolved_at for one in draft.of_rule(condition.rule) if one.group == condition.about)
    last = max((end for end in ends if end is not None), default=None)
    draft.notes.append(opened_note(alert, now))
    draft.put(call(rules, alert, "open", max(now, last + repeat) if last else now), now)


def _compare(draft: Draft, rules: RulesFile, alert: Alert, condition: Condition, now: dt.datetime) -> None:
    """What has become graver is paged, also to whoever acknowledged what it was. An alert stays as grave as it once was:
    else what goes back and forth would page every time.
    """
    if SEVERITIES.index(condition.severity) >= SEVERITIES.index(alert.severity):
        return
    alert = replace(alert, severity=condition.severity, title=condition.title[:MOST_SHORT])
    draft.notes.append(audited("alert-graver", alert.id, now, rule=alert.rule, severity=alert.severity))
    draft.put(news(rules, alert, "changed", now, urgent=True), now)


def _close(draft: Draft, rules: RulesFile, alert: Alert, now: dt.datetime, reason: str) -> None:
    draft.notes.append(resolved_note(alert, now, reason=reason))
    draft.put(resolved(rules, alert, ITSELF, now), now)
