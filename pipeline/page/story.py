"""Which alert a new item belongs to. Pure.

One story, one alert: what is nearly the same as an alert's first item is a repeat of it, and what the rule puts into
the same group is news of it, for as long as the alert is not resolved. What is too old to page, or too much, is
gathered in a digest.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple

from pipeline.alert.likeness import one_story
from pipeline.alert.rules import RulesFile
from pipeline.page.book import Draft
from pipeline.page.items import is_full
from schemas.alert import Alert, Match, Matched

OLD: Final = "old posts"
"""Group of a digest of posts that came too late to page one by one."""

FORGOTTEN: Final = "posts of long ago"
"""Of posts that are older than what is remembered: nobody is paged with these, since they may have been paged
before.
"""

OVERFLOW: Final = "more than the rule's hourly limit"
"""Of what came in an hour beyond `most_an_hour`."""

REMEMBERED: Final = dt.timedelta(days=7)
"""After it was resolved an alert is kept so long; `[alert-candidates]` keeps its records as long."""


class Place(NamedTuple):
    """The alert of a new item, and whether the item only repeats what the alert tells."""

    alert: Alert
    repeat: bool


def find(draft: Draft, match: Match, candidate: Matched) -> Place | None:
    """The open alert that tells the item's story. None: it is a story of its own."""
    alerts = [alert for alert in draft.unresolved(match.rule) if not alert.digest and not is_full(alert)]
    place = candidate.excerpt.place if candidate.excerpt else None
    same_group = [alert for alert in alerts if alert.group == match.group]
    for alert in [*same_group, *alerts]:
        if one_story(candidate.likeness, alert.likeness, place, _place_of(alert)):
            return Place(alert, repeat=True)
    return Place(same_group[0], repeat=False) if same_group else None


def too_old(rules: RulesFile, candidate: Matched, now: dt.datetime) -> str | None:
    """The group of the digest that a candidate comes into because of its age."""
    age = now - candidate.revision
    if age > REMEMBERED:
        return FORGOTTEN
    return OLD if age > dt.timedelta(hours=rules.digest_older_than_hours) else None


def gathering(draft: Draft, rule: str, group: str, now: dt.datetime) -> Alert | None:
    """The rule's digest of this group that still takes items in: one that was not paged yet, or this hour's
    overflow.
    """
    for alert in draft.unresolved(rule):
        if not alert.digest or alert.group != group or is_full(alert):
            continue
        if (
            hour_of(alert.opened_at) == hour_of(now)
            if group == OVERFLOW
            else not any(page.tries for page in alert.pages)
        ):
            return alert
    return None


def opened_this_hour(draft: Draft, rule: str, now: dt.datetime) -> int:
    """New alerts of the rule in the hour of the clock that ``now`` is in."""
    return sum(not alert.digest and alert.opened_at >= hour_of(now) for alert in draft.of_rule(rule))


def hour_of(moment: dt.datetime) -> dt.datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _place_of(alert: Alert) -> str | None:
    """Where the alert's first item is; the likeness is that item's, too."""
    first = alert.items[0].excerpt if alert.items else None
    return first.place if first else None
