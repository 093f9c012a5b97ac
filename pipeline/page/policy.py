"""What the rules file says of an alert: whom it pages, how often, and when it ends by itself. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.alert.rota import recipients
from pipeline.alert.rules import AlertmanagerChannel, PagerDutyChannel, QuietHours, RulesFile, Step
from schemas.alert import Alert

URGENT_NEWS: Final = dt.timedelta(minutes=1)
"""News of an immediate item waits for the group interval, but never longer than that."""

LEFT_BEHIND: Final = dt.timedelta(hours=24)
"""After so long without news an alert resolves whose rule is in the file no more."""

MOST_PAIRS: Final = 100
"""Of people and their channels that one call pages: an alert is bounded, and so is a mistake in a rota."""

Pair = tuple[str, str]
"""Channel and recipient, by their names in the rules file."""

HOLDING: Final = (PagerDutyChannel, AlertmanagerChannel)
"""Services that hold an incident open and go on about it by themselves, until they are told that it is over."""

ACKNOWLEDGED_TOO: Final = (PagerDutyChannel,)
"""Those of them that can be told that somebody sees to it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one alert. Without ``to`` there is nobody to page."""

    to: Sequence[str] = ()
    steps: Sequence[Step] = ()
    """In the order of their times."""
    wait: dt.timedelta = dt.timedelta()
    interval: dt.timedelta = dt.timedelta()
    repeat: dt.timedelta | None = None
    quiet: QuietHours | None = None
    resolve_after: dt.timedelta | None = None
    most_an_hour: int = 20


def policy_of(rules: RulesFile, alert: Alert) -> Policy:
    """The policy of an alert: its rule's, that of alerts about flagpost itself, or that of a rule that is gone."""
    if alert.title is None:
        return policy_of_rule(rules, alert.rule)
    if rules.system is None:
        return Policy()
    return Policy(to=rules.system.to, repeat=dt.timedelta(minutes=rules.system.repeat_minutes))


def policy_of_rule(rules: RulesFile, name: str) -> Policy:
    rule = next((rule for rule in rules.rules if rule.name == name), None)
    if rule is None:
        return Policy(resolve_after=LEFT_BEHIND)
    return Policy(
        to=rule.to,
        steps=sorted(rule.escalate, key=lambda step: step.after_minutes),
        wait=dt.timedelta(seconds=rule.group_wait_seconds),
        interval=dt.timedelta(minutes=rule.group_interval_minutes),
        repeat=dt.timedelta(minutes=rule.repeat_minutes) if rule.repeat_minutes else None,
        quiet=rule.quiet,
        resolve_after=dt.timedelta(hours=rule.resolve_after_hours),
        most_an_hour=rule.most_an_hour,
    )


def names_in_charge(policy: Policy, alert: Alert) -> list[str]:
    """Rotas and people that the alert concerns by now: the rule's, and those of every step that was taken."""
    return [*policy.to, *(name for step in policy.steps[: alert.step] for name in step.to)]


def pairs(rules: RulesFile, names: Sequence[str], at: dt.datetime) -> list[Pair]:
    """Every channel of everybody who is on duty at ``at``, `MOST_PAIRS` at the most."""
    known = [name for name in names if name in rules.people or name in rules.rota]
    people = [(person, rules.people.get(person)) for person in recipients(known, at, rules)]
    found = [
        (channel, name)
        for name, person in people
        if person is not None
        for channel in person.channels
        if channel in rules.channels
    ]
    return found[:MOST_PAIRS]


def after_quiet(policy: Policy, zone: ZoneInfo, due: dt.datetime) -> dt.datetime:
    """``due``, or the end of the quiet hours that it falls into."""
    quiet = policy.quiet
    if quiet is None or quiet.begin == quiet.end:
        return due
    local = due.astimezone(zone)
    over_midnight = quiet.end < quiet.begin
    time = local.time()
    # Over midnight it is quiet where it would not be between the two times the other way round.
    if (quiet.end <= time < quiet.begin) if over_midnight else not quiet.begin <= time < quiet.end:
        return due
    day = local.date() + dt.timedelta(days=over_midnight and time >= quiet.begin)
    # In the night in which the clocks go back the end of the hours may come twice: the second is after both.
    end = dt.datetime.combine(day, quiet.end, tzinfo=zone).replace(fold=1)
    return max(end.astimezone(dt.UTC), due)
