"""What can be used in a rules file, but is probably not meant. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.alert.fault import Fault
from pipeline.alert.rota import DAY, WEEK, spans
from pipeline.alert.rules import DAYS, Match, RulesFile, Shift
from schemas.labels import FLAGGED

MINUTE: Final = 60


def advice(file: RulesFile) -> list[Fault]:
    """What to look at, the gravest first."""
    return [*_nobody(file), *_immediate(file), *_gaps(file), *_unused(file)]


def gaps(shifts: list[Shift]) -> list[tuple[int, int]]:
    """When in the week nobody is on duty: first second and first second after, in order, from Monday 00:00."""
    duty = sorted(span for shift in shifts for span in spans(shift))
    duty += [(begin - WEEK, length) for begin, length in duty if begin + length > WEEK]
    free: list[tuple[int, int]] = []
    covered = 0
    for begin, length in sorted(duty):
        if begin > covered:
            free.append((covered, begin))
        covered = max(covered, begin + length)
    if covered < WEEK:
        free.append((covered, WEEK))
    return free


def _nobody(file: RulesFile) -> Iterator[Fault]:
    """Who can't be reached; where nobody can, that is said once."""
    if not file.rules:
        yield Fault(("rules",), "there are no rules, so no post pages anybody")
    if not file.channels:
        yield Fault(("channels",), "there are no channels: nobody is paged until a channel is defined")
        return
    reached = {name for name, person in file.people.items() if person.channels}
    for number, rule in enumerate(file.rules):
        called = {person for name in rule.to for person in _stood_for(name, file)}
        if not called & reached:
            yield Fault(("rules", number, "to"), f"nobody whom `{rule.name}` pages has a channel")
    for name in file.people:
        if name not in reached:
            yield Fault(("people", name), f"`{name}` has no channel, and no page reaches them")
    if file.system is None:
        yield Fault(("system",), "there is no `system`: when flagpost itself is in trouble it pages nobody")


def _immediate(file: RulesFile) -> Iterator[Fault]:
    if file.rules and not any(_takes_every_immediate(rule.when) for rule in file.rules):
        yield Fault(("rules",), "no rule takes every immediate item, so there are emergencies that page nobody")
    for number, rule in enumerate(file.rules):
        if rule.severity == "critical" and not rule.escalate:
            yield Fault(("rules", number), f"`{rule.name}` is critical, and does not escalate when nobody acknowledges")


def _takes_every_immediate(when: Match) -> bool:
    return (
        (not when.grades or "immediate" in when.grades)
        and (not when.labels or set(FLAGGED) <= set(when.labels))
        and not (when.least_score or when.words or when.places or when.sources)
    )


def _gaps(file: RulesFile) -> Iterator[Fault]:
    for name, shifts in file.rota.items():
        if free := gaps(shifts):
            more = f" and {len(free) - 1} more times" if len(free) > 1 else ""
            begin, end = free[0]
            yield Fault(
                ("rota", name),
                f"nobody of `{name}` is on duty {_moment(begin)} to {_moment(end)}{more}; everybody in it is paged then",
            )


def _unused(file: RulesFile) -> Iterator[Fault]:
    called = {name for rule in file.rules for name in [*rule.to, *(one for step in rule.escalate for one in step.to)]}
    called |= set(file.system.to if file.system else [])
    working = {person for name in called for person in _stood_for(name, file)}
    used = {channel for person in file.people.values() for channel in person.channels}
    for section, names, busy in (
        ("channels", file.channels, used),
        ("people", file.people, working),
        ("rota", file.rota, called),
    ):
        yield from (Fault((section, name), f"`{name}` is not used") for name in names if name not in busy)


def _stood_for(name: str, file: RulesFile) -> set[str]:
    return {person for shift in file.rota.get(name, []) for person in shift.who} or {name}


def _moment(second: int) -> str:
    minute = second % DAY // MINUTE
    return f"{DAYS[second // DAY % len(DAYS)].capitalize()} {minute // 60:02}:{minute % 60:02}"
