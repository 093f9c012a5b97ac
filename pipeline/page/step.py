"""One step of the page stage: everything that changes at one moment. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.alert.rules import RulesFile
from pipeline.page.book import Book, Draft
from pipeline.page.candidates import take_candidate
from pipeline.page.people import take_action
from pipeline.page.timers import tick
from pipeline.page.tries import Outcome, Try, begin, ended
from schemas.alert import Action, Gone, Matched

T = TypeVar("T")

Change = Callable[[Draft, RulesFile, dt.datetime], T]
"""Notes in a draft what happens at a moment, under these rules."""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """What a step comes to. Nothing has happened before the draft's records are durable."""

    draft: Draft
    answer: T
    """The change's own."""
    counted: Sequence[str]
    """What each outcome is counted as."""
    tries: Sequence[Try]
    """Begin once it is durable that they do."""


def step(
    book: Book,
    rules: RulesFile,
    now: dt.datetime,
    change: Change[T],
    outcomes: Sequence[Outcome] = (),
    free: Mapping[str, int] | None = None,
    sending: Collection[str] = (),
) -> Step[T]:
    """First what came of tries, then ``change``, then what is due by the clock, and at last the tries that begin now.

    ``free``: channel → how many more pages it may send at once; ``sending``: pages that are under way.
    """
    draft = Draft(book)
    counted = [ended(draft, rules, outcome, now) for outcome in outcomes]
    answer = change(draft, rules, now)
    tick(draft, rules, now)
    return Step(draft, answer, counted, begin(draft, rules, free or {}, sending, now))


def taking(records: Sequence[Matched | Gone | Action]) -> Change[list[str]]:
    """The change that candidates and actions are, in their order; answers a word for each."""

    def take_all(draft: Draft, rules: RulesFile, now: dt.datetime) -> list[str]:
        return [
            take_action(draft, rules, record, now)
            if isinstance(record, Action)
            else take_candidate(draft, rules, record, now)
            for record in records
        ]

    return take_all


def nothing(_draft: Draft, _rules: RulesFile, _now: dt.datetime) -> None:
    """For a step that only does what is due."""
