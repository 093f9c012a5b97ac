"""What rules would have made of posts: the page stage's own decisions, by the posts' own clock. Pure.

Nobody acknowledges and no page goes out. An alert without news is resolved as it would be; what came in too late to page
is not known, so every post counts as read when it was posted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from pipeline.alert.candidate import candidate_of
from pipeline.alert.match import Matcher
from pipeline.alert.rota import recipients
from pipeline.alert.rules import Rule, RulesFile
from pipeline.page.book import Book, Draft
from pipeline.page.candidates import take_candidate
from pipeline.page.items import gravest_first
from pipeline.page.timers import SWEEP_EVERY, sweep
from schemas.alert import Alert, Excerpt, Matched, Severity
from schemas.item import Item, Withdrawn

MOST_EXAMPLES: Final = 3
"""Alerts of a rule that are shown: those of most items."""


class Example(Struct, frozen=True):
    """One alert, by its gravest item."""

    group: str
    items: int
    excerpt: Excerpt


class RuleTrial(Struct, frozen=True):
    """What one rule came to."""

    rule: str
    severity: Severity
    matches: int
    """Items that matched in any of their wordings."""
    alerts: int
    """Stories that page."""
    digests: int
    """Gatherings of what was more than the hourly limit."""
    would_page: Sequence[str]
    """People who would be paged now …"""
    reached: Sequence[str]
    """… and those of them who have a channel."""
    examples: Sequence[Example]


class Trial(Struct, frozen=True):
    """``posts`` counts all that were judged, edits too; ``items`` those that were flagged, each once."""

    posts: int
    items: int
    matched: int
    """Items that any rule matched."""
    alerts: int
    digests: int
    rules: Sequence[RuleTrial]


def try_rules(file: RulesFile, posts: int, records: Sequence[Item | Withdrawn], now: dt.datetime) -> Trial:
    """What ``file`` makes of ``records``, which came of so many posts; who would be paged is told for ``now``."""
    matched: dict[str, set[str]] = {rule.name: set() for rule in file.rules}
    book = _played(file, records, matched)
    rules = [_of_rule(file, rule, matched[rule.name], book, now) for rule in file.rules]
    return Trial(
        posts=posts,
        items=len({record.uid for record in records if isinstance(record, Item)}),
        matched=len(set().union(*matched.values())) if matched else 0,
        alerts=sum(one.alerts for one in rules),
        digests=sum(one.digests for one in rules),
        rules=rules,
    )


def _played(file: RulesFile, records: Sequence[Item | Withdrawn], matched: dict[str, set[str]]) -> list[Alert]:
    """Every alert after all records, in the order of their time; notes in ``matched`` which items a rule matched."""
    file = replace(file, channels={})  # a page that nobody sends would keep its alert open for ever
    matcher, book = Matcher(file.rules), Book()
    alerts: dict[str, Alert] = {}
    next_sweep = dt.datetime.fromtimestamp(0, dt.UTC)
    for record in sorted(records, key=lambda one: one.revision):
        draft = Draft(book)
        if record.revision >= next_sweep:
            sweep(draft, file, record.revision)
            alerts |= {alert.id: alert for alert in draft.all()}  # those too that are forgotten now
            next_sweep = record.revision + SWEEP_EVERY
        candidate = candidate_of(record, matcher)
        for match in candidate.matches if isinstance(candidate, Matched) else []:
            matched[match.rule].add(candidate.uid)
        take_candidate(draft, file, candidate, record.revision)
        draft.take()
    return list((alerts | {alert.id: alert for alert in book}).values())


def _of_rule(file: RulesFile, rule: Rule, matched: set[str], book: Sequence[Alert], now: dt.datetime) -> RuleTrial:
    mine = [alert for alert in book if alert.rule == rule.name]
    people = recipients(rule.to, now, file)
    return RuleTrial(
        rule=rule.name,
        severity=rule.severity,
        matches=len(matched),
        alerts=sum(not alert.digest for alert in mine),
        digests=sum(alert.digest for alert in mine),
        would_page=people,
        reached=[name for name in people if file.people[name].channels],
        examples=list(_examples(mine)),
    )


def _examples(alerts: Sequence[Alert]) -> Iterator[Example]:
    stories = [alert for alert in alerts if not alert.digest]
    for alert in sorted(stories, key=lambda one: (-one.count, one.opened_at))[:MOST_EXAMPLES]:
        excerpt = next((item.excerpt for item in gravest_first(alert) if item.excerpt), None)
        if excerpt is not None:
            yield Example(alert.group, alert.count, excerpt)
