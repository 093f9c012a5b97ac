"""Who is paged, with what and when. Pure.

A *call* asks people to act: it is needless once somebody has acknowledged, and the time of the next repeat counts from
it. A *word* only tells those who were called what has become of it; services that hold an incident open are told at once
and always, since they go on by themselves until they are.

A recipient has at most one call of an alert waiting in each channel. What is called meanwhile is told with it, since a
page is worded when it is sent; a call that is due earlier pulls it forward. So a channel that is down gathers no heap
of pages, and the size of an alert is bounded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from pipeline.alert.rules import Channel, RulesFile
from pipeline.page.due import in_flight, waiting
from pipeline.page.items import is_immediate, live
from pipeline.page.policy import HOLDING, URGENT_NEWS, Pair, Policy, after_quiet, names_in_charge, pairs, policy_of
from pipeline.page.story import OVERFLOW
from schemas.alert import Alert, Page, PageKind

CALLS: Final[frozenset[PageKind]] = frozenset({"open", "more", "repeat", "escalation", "reopened", "digest"})
"""Kinds of pages that ask somebody to act. One that tells of a change may do so, too; it is sent all the same."""

STATES: Final[frozenset[PageKind]] = frozenset({"acknowledged", "resolved"})
"""Kinds of pages that tell no news of a story."""

LOOKED_FOR_AGAIN: Final = dt.timedelta(minutes=1)
"""When nobody can be paged (no rule, nobody on duty has a channel) somebody is looked for after that, then ever more
seldom …
"""

LOOKED_FOR_AT_LEAST: Final = dt.timedelta(minutes=5)
"""… but not more seldom than that: somebody may have put the rules right."""

MOST_PAGES: Final = 400
"""Of an alert, ended ones included. More than that are not under way at once: none is added then."""


def is_urgent(alert: Alert) -> bool:
    """Whether it waits for no quiet hours: it has an immediate item, or is about flagpost itself."""
    return alert.title is not None or any(is_immediate(item) for item in live(alert))


def gathers(alert: Alert) -> bool:
    """Whether it is a digest that is paged once and then waits to be read. One of what was too much for an hour is none,
    with an immediate item in it: people are called for that as for any other.
    """
    return alert.digest and not (alert.group == OVERFLOW and is_urgent(alert))


def when(rules: RulesFile, policy: Policy, alert: Alert, due: dt.datetime) -> dt.datetime:
    """``due``, or when it is quiet no more."""
    return due if is_urgent(alert) else after_quiet(policy, ZoneInfo(rules.timezone), due)


def call(rules: RulesFile, alert: Alert, kind: PageKind, due: dt.datetime, names: Iterable[str] | None = None) -> Alert:
    """The alert with a page of ``kind`` at ``due``, or after the quiet hours, to each channel of everybody on duty
    then.

    ``names``: rotas and people, instead of everybody whom the alert concerns by now.
    """
    policy = policy_of(rules, alert)
    due = when(rules, policy, alert, due)
    called = pairs(rules, list(names) if names is not None else names_in_charge(policy, alert), due)
    alert = _without(alert, lambda page: page.kind == "acknowledged", due)  # or a service would call nobody
    alert = _with_pages(_pulled_forward(alert, due, called), kind, due, called)
    if alert.state != "open":
        return alert
    if not called and not any(page.end is None for page in alert.pages):
        wait = min(max(LOOKED_FOR_AGAIN, due - alert.opened_at), LOOKED_FOR_AT_LEAST)
        return replace(alert, next_repeat_at=due + wait)
    if gathers(alert):
        return replace(alert, next_repeat_at=None)
    step = policy.steps[alert.step].after_minutes if alert.step < len(policy.steps) else None
    if alert.step == 0 and step is not None:  # earlier where the first page was pulled forward
        first = due + dt.timedelta(minutes=step)
        alert = replace(alert, next_step_at=min(alert.next_step_at or first, first))
    return replace(alert, next_repeat_at=due + policy.repeat if policy.repeat else None)


def news(rules: RulesFile, alert: Alert, kind: PageKind, now: dt.datetime, urgent: bool) -> Alert:
    """`call`, but not before the group interval after the last call is over."""
    interval = policy_of(rules, alert).interval
    if urgent:
        interval = min(interval, URGENT_NEWS)
    last = max((page.begun_at for page in alert.pages if page.begun_at and page.kind not in STATES), default=None)
    due = max(now, last + interval) if last else now
    if not urgent:  # what waits for more posts, or for the morning, goes on waiting
        due = max([due, *(page.due_at for page in alert.pages if waiting(page) and not page.tries)])
    return call(rules, alert, kind, due)


def tell(rules: RulesFile, alert: Alert, kind: PageKind, now: dt.datetime, to: Sequence[Pair]) -> Alert:
    """The alert with a word to each of ``to``, when it is quiet no more."""
    return _with_pages(alert, kind, when(rules, policy_of(rules, alert), alert, now), to)


def pass_on(alert: Alert, kind: PageKind, now: dt.datetime, to: Sequence[Pair]) -> Alert:
    """The alert with a word to services about its state; it takes the place of what waits for them."""
    return _with_pages(_without(alert, lambda page: waiting(page) and _pair(page) in to, now), kind, now, to)


def reached(alert: Alert) -> list[Pair]:
    """Whom a page has reached, or is about to."""
    pages = (page for page in alert.pages if page.end == "delivered" or in_flight(page))
    return list(dict.fromkeys(map(_pair, pages)))


def holding(rules: RulesFile, alert: Alert, kinds: tuple[type[Channel], ...] = HOLDING) -> list[Pair]:
    """Services of these kinds that may hold an incident open: they were sent a page, whatever came of it, unless they
    refused it.
    """
    pages = (page for page in alert.pages if page.tries and page.end != "failed")
    return [pair for pair in dict.fromkeys(map(_pair, pages)) if isinstance(rules.channels.get(pair[0]), kinds)]


def needless(page: Page, now: dt.datetime) -> Page:
    """One that has not ended yet is not sent any more."""
    return page if page.end else replace(page, end="needless", ended_at=now)


def pruned(pages: Sequence[Page], room: int) -> list[Page]:
    """``pages`` without those that ended and tell nothing that a later one to the same channel and recipient does not tell;
    and without the oldest that ended, until there is ``room`` for so many more.
    """
    kept: list[Page] = []
    told: set[tuple[Pair, bool, bool]] = set()
    for page in reversed(pages):
        key = (_pair(page), page.end == "delivered", page.tries > 0)
        if page.end is None or key not in told:
            kept.append(page)
        if page.end is not None:
            told.add(key)
    kept.reverse()
    over = len(kept) + room - MOST_PAGES
    ended = [page.id for page in kept[:-1] if page.end is not None][: max(over, 0)]  # the last has the highest number
    return [page for page in kept if page.id not in ended] if ended else kept


def _without(alert: Alert, unwanted: Callable[[Page], bool], now: dt.datetime) -> Alert:
    """The alert in which the ``unwanted`` pages are needless."""
    if not any(page.end is None and unwanted(page) for page in alert.pages):
        return alert
    return replace(alert, pages=[needless(page, now) if unwanted(page) else page for page in alert.pages])


def _pulled_forward(alert: Alert, due: dt.datetime, called: Collection[Pair]) -> Alert:
    """The alert with whatever waits for those who are called at ``due`` at the latest."""
    late = {page.id for page in alert.pages if waiting(page) and page.due_at > due and _pair(page) in called}
    pages = [replace(page, due_at=due) if page.id in late else page for page in alert.pages]
    return replace(alert, pages=pages) if late else alert


def _with_pages(alert: Alert, kind: PageKind, due: dt.datetime, called: Sequence[Pair]) -> Alert:
    """The alert with a page to each of ``called`` for whom none waits."""
    told = {_pair(page) for page in alert.pages if waiting(page)}
    new = [pair for pair in called if pair not in told]
    if not new:
        return alert
    kept = pruned(alert.pages, len(new))
    number = max((int(page.id.rpartition(".")[2]) for page in alert.pages), default=0)
    pages = [
        Page(id=f"msg_{alert.id}.{number + at}", kind=kind, channel=channel, recipient=recipient, due_at=due)
        for at, (channel, recipient) in enumerate(new[: MOST_PAGES - len(kept)], start=1)
    ]
    return replace(alert, pages=[*kept, *pages])


def _pair(page: Page) -> Pair:
    return page.channel, page.recipient
