"""What `flagpost rules` shows in a terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.alert.rota import recipients
from pipeline.alert.rules import Match, Rule, RulesFile
from pipeline.alert.trial import Example, RuleTrial, Trial
from pipeline.cli.shown.table import table
from pipeline.evaluation.numbers import counted
from pipeline.safe_text import one_line
from schemas.alert import Severity

MOST_WORDS: Final = 3
"""Of a rule's words that are shown."""

STYLES: Final[dict[Severity, str]] = {"critical": "bold red", "error": "red", "warning": "yellow", "info": ""}


def show_file(file: RulesFile, name: str, now: dt.datetime, console: Console) -> None:
    """Prints what ``file`` defines, and who would be paged ``now``."""
    sections = (("rule", file.rules), ("channel", file.channels), ("person", file.people), ("rota", file.rota))
    counts = [_counted(len(found), what) for what, found in sections]
    console.print(Text(f"{one_line(name)} is right: {', '.join(counts)}.", overflow="fold"))
    for rule in file.rules:
        console.print()
        console.print(Text.assemble(rule.name, ": ", (rule.severity, STYLES[rule.severity]), style="bold"))
        console.print(Padding(_rule(rule, recipients(rule.to, now, file)), (0, 0, 0, 2), expand=False))


def _rule(rule: Rule, people: Sequence[str]) -> Table:
    rendered = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    rendered.add_column(style="dim")
    rendered.add_column(overflow="fold")
    for what, says in _told(rule, people):
        rendered.add_row(what, Text(one_line(says)))
    return rendered


def _told(rule: Rule, people: Sequence[str]) -> Iterator[tuple[str, str]]:
    if rule.about:
        yield "about", rule.about
    yield "matches", _asked(rule.when)
    yield "pages", ", ".join(rule.to) + (f"; now that is {', '.join(people)}" if people != rule.to else "")
    if rule.repeat_minutes:
        yield "again", f"every {rule.repeat_minutes:g} min until somebody acknowledges"
    for step in rule.escalate:
        yield "then", f"{', '.join(step.to)} after {step.after_minutes:g} min"
    if rule.quiet:
        yield "quiet", f"{rule.quiet.begin:%H:%M} to {rule.quiet.end:%H:%M}, but for immediate items"


def show_trial(trial: Trial, model: str, console: Console) -> None:
    """Prints what rules came to."""
    for part in _parts(trial, model):
        console.print(part)


def _parts(trial: Trial, model: str) -> Iterator[RenderableType]:
    steps = [
        counted(trial.posts, "post"),
        f"{trial.items:,} flagged",
        f"{trial.matched:,} matched",
        counted(trial.alerts, "alert"),
    ]
    digests = f" and {counted(trial.digests, 'digest')}" if trial.digests else ""
    yield Text(f"{' → '.join(steps)}{digests}", style="bold", overflow="fold")
    yield Text(f"judged by {model}; nobody was paged", style="dim", overflow="fold")
    yield Text()
    yield _table(trial.rules)
    for rule in trial.rules:
        if rule.examples:
            yield Text()
            yield Text.assemble(rule.rule, ": ", (rule.severity, STYLES[rule.severity]), style="bold")
            yield from (_example(example) for example in rule.examples)


def _table(rules: Sequence[RuleTrial]) -> Table:
    rendered = table("rule", ["items", "alerts", "digests"])
    rendered.add_column("would page now", overflow="fold")
    for rule in rules:
        digests = f"{rule.digests:,}" if rule.digests else ""
        people = [name if name in rule.reached else f"{name} (no channel)" for name in rule.would_page]
        rendered.add_row(rule.rule, f"{rule.matches:,}", f"{rule.alerts:,}", digests, ", ".join(people))
    return rendered


def _example(example: Example) -> RenderableType:
    one = example.excerpt
    head = [counted(example.items, "item"), one.grade, one.label.replace("_", " "), f"{100 * one.score:.0f} %"]
    if one.unsure:
        head.append("unsure")
    if one.place:
        head.append(one_line(one.place))
    told = Text(" · ".join(head), overflow="fold")
    told.append(f"\n  {one_line(one.text)}", style="dim")
    return Padding(told, (0, 0, 0, 2), expand=False)


def _asked(when: Match) -> str:
    parts = [" or ".join(when.grades), " or ".join(label.replace("_", " ") for label in when.labels)]
    if when.least_score:
        parts.append(f"score {when.least_score:g} or more")
    for words, before in ((when.words, ""), (when.places, "in "), (when.sources, "from ")):
        if words:
            more = f" … ({len(words)})" if len(words) > MOST_WORDS else ""
            parts.append(before + ", ".join(words[:MOST_WORDS]) + more)
    if when.unsure:
        parts.append("unsure too")
    return "; ".join(part for part in parts if part) or "everything"


def _counted(number: int, what: str) -> str:
    many = {"person": "people"}.get(what, f"{what}s")
    return f"{number or 'no'} {what if number == 1 else many}"
