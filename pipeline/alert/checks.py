"""What the structs of a rules file can't say of it: that names are defined, times rise, and no secret stands there. Pure.

It is asked about files with other faults, too, in which something stands in for what is wrong (`pipeline.alert.shape`).
"""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pipeline.alert.explain import meant, secret_in_file
from pipeline.alert.fault import Fault
from pipeline.alert.rules import Channel, Rule, RulesFile, Secret
from pipeline.alert.yaml_text import Path

SYSTEM: Final = "system-"
"""What the names of flagpost's own rules begin with."""

_TELLING: Final = ("token", "key", "secret", "password", "passwd", "sig", "auth")


def faults(file: RulesFile) -> list[Fault]:
    """Everything because of which ``file`` can't be used."""
    found = [*_timezone(file), *_people(file), *_rotas(file), *_names_of_rules(file)]
    for name, channel in file.channels.items():
        found += _channel(("channels", name), channel)
    for number, rule in enumerate(file.rules):
        found += _rule(("rules", number), rule, file)
    if file.system:
        found += _unknown(("system", "to"), file.system.to, [*file.rota, *file.people], "rota and no person")
    return found


def _timezone(file: RulesFile) -> Iterator[Fault]:
    try:
        zoneinfo.ZoneInfo(file.timezone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        hint = meant(file.timezone, sorted(zoneinfo.available_timezones()))
        yield Fault(
            ("timezone",),
            "it is no time zone that this machine knows",
            hint if hint.startswith("Is ") else "Write it as in Europe/London.",
        )


def _people(file: RulesFile) -> Iterator[Fault]:
    for name, person in file.people.items():
        for channel in person.channels:
            yield from _unknown(("people", name, "channels", channel), [channel], file.channels, "channel")
        if name in file.rota:
            yield Fault(("people", name), f"`{name}` is a rota, too", "Give one of the two another name.")


def _rotas(file: RulesFile) -> Iterator[Fault]:
    for name, shifts in file.rota.items():
        for number, shift in enumerate(shifts):
            yield from _unknown(("rota", name, number, "who"), shift.who, file.people, "person")


def _names_of_rules(file: RulesFile) -> Iterator[Fault]:
    counts: Counter[str] = Counter()
    for number, rule in enumerate(file.rules):
        if not rule.name:  # it is missing, which is a fault of its own
            continue
        counts[rule.name] += 1
        if counts[rule.name] == 2:
            yield Fault(("rules", number, "name"), f"a second rule is called `{rule.name}`", "Give it another name.")
        if rule.name.startswith(SYSTEM):
            yield Fault(
                ("rules", number, "name"),
                f"`{SYSTEM}` begins the names of flagpost's own rules",
                "Give the rule another name; when flagpost pages about itself is set under `system`.",
            )


def _rule(where: Path, rule: Rule, file: RulesFile) -> Iterator[Fault]:
    known = [*file.rota, *file.people]
    yield from _unknown((*where, "to"), rule.to, known, "rota and no person")
    for number, step in enumerate(rule.escalate):
        yield from _unknown((*where, "escalate", number, "to"), step.to, known, "rota and no person")
        if number and step.after_minutes <= rule.escalate[number - 1].after_minutes:
            yield Fault(
                (*where, "escalate", number, "after_minutes"),
                "it is not later than the step before",
                "Minutes are counted from when the alert opened: let them rise.",
            )
    for key in ("words", "places"):
        for number, word in enumerate(getattr(rule.when, key)):
            if says := _unfindable(word):
                yield Fault(
                    (*where, "when", key, number), says, "Write a word or a phrase; a * at its end is any ending."
                )
    if rule.quiet and rule.quiet.begin == rule.quiet.end:
        yield Fault((*where, "quiet"), "it begins when it ends", "Take it out, or name two times.")


def _unfindable(word: str) -> str | None:
    if not word.strip().strip("*"):
        return "there is no word"
    if "*" in word.removesuffix("*") or word.removesuffix("*") != word.removesuffix("*").rstrip():
        return "a * stands elsewhere than at the end of a word"
    return None


def _channel(where: Path, channel: Channel) -> Iterator[Fault]:
    for key in channel.__struct_fields__:
        value = getattr(channel, key)
        if isinstance(value, Secret) and (value.env is None) == (value.file is None):
            yield Fault((*where, key), "it does not say where the secret is", "Write {env: NAME} or {file: PATH}.")
    for key in ("url", "proxy"):
        url = getattr(channel, key, None)
        if not isinstance(url, str):
            continue
        if _tells_a_secret(url):
            yield secret_in_file((*where, key))
        elif not _is_of_the_web(url):
            yield Fault((*where, key), "it is no address of the web", "Write it as in https://pager.example/hook.")


def _is_of_the_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _tells_a_secret(url: str) -> bool:
    """Whether a user name, a password or something called a token stands in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    named = [name.lower() for name, _ in parse_qsl(parts.query)]
    return "@" in parts.netloc or any(telling in name for name in named for telling in _TELLING)


def _unknown(where: Path, names: Sequence[str], known: Iterable[str], what: str) -> Iterator[Fault]:
    there = list(known)
    for place, name in enumerate(names):
        if name not in there:
            path = where if where[-1:] == (name,) else (*where, place)
            yield Fault(path, f"`{name}` is no {what} of this file", meant(name, there))
