"""Reads the rules file: all of it is right, or what is wrong is said with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.alert.advice import advice
from pipeline.alert.checks import faults
from pipeline.alert.explain import explained
from pipeline.alert.fault import Fault
from pipeline.alert.persons import persons_named
from pipeline.alert.rules import Channel, Name, Person, Rule, RulesFile, Shifts
from pipeline.alert.yaml_text import Path as YamlPath
from pipeline.alert.yaml_text import Unreadable, YamlText, read_yaml
from pipeline.errors import InvalidInput

_TIME: Final = re.compile(r"\d\d:\d\d")
_ENTRIES: Final[dict[str, Any]] = {"channels": Channel, "people": Person, "rota": Shifts}
"""Sections of names, and what each name stands for."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of a text: the rules, or the faults because of which there are none."""

    name: str
    """Of the file, for messages."""
    file: RulesFile | None
    faults: list[Fault]
    advice: list[Fault]
    _text: YamlText

    def sentence(self, fault: Fault) -> str:
        """``fault`` with its place in the file; what to do about it stands apart, in ``fault.do``."""
        where = f", {fault.place}" if fault.path else ""
        return f"Line {self.line_of(fault):,} of {self.name}{where}: {fault.says}."

    def line_of(self, fault: Fault) -> int:
        """Counted from 1."""
        return self._text.line_of(fault.path)


def read_rules(path: Path) -> RulesFile:
    """The rules of ``path``. Raises `InvalidInput` that tells the first fault and how many there are."""
    return usable(parse_rules(text_of(path), str(path)))


def usable(read: Read) -> RulesFile:
    """What was read, if it can be used. Raises `InvalidInput` as `read_rules` does."""
    if read.file is None:
        first, *more = read.faults
        rest = f" `flagpost rules check {read.name}` tells {len(more)} more." if more else ""
        raise InvalidInput(read.sentence(first), f"{first.do}{rest}".strip())
    return read.file


def text_of(path: Path) -> str:
    """What stands in ``path``. Raises `InvalidInput`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(
            f"The rules file {path} can't be read ({error.strerror}).", "Name one that can, or set FLAGPOST_RULES."
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(f"The rules file {path} is not UTF-8.", "Save it as UTF-8.") from None


def parse_rules(text: str, name: str) -> Read:
    """Reads ``text``, the content of a file called ``name``. Never raises."""
    try:
        yaml = read_yaml(text)
    except Unreadable as error:
        nothing = YamlText(None, None, error.line)
        return Read(
            name, None, [Fault((), str(error), "Correct it; an editor that knows YAML shows where.")], [], nothing
        )
    file, found = _converted(yaml.data)
    found = [*persons_named(yaml.data), *found]
    if file is not None and not found:
        found = faults(file)
    found = _each_place_once(found)
    return Read(name, None if found else file, found, advice(file) if file and not found else [], yaml)


def _converted(data: Any) -> tuple[RulesFile | None, list[Fault]]:
    """The structs, or a fault for each channel, person, rota and rule that is wrong, and for the rest of the file."""
    if data is None:
        return None, [Fault((), "it is empty", "Begin with `version: 1`.")]
    data = _with_whole_times(data)
    found: list[Fault] = []
    left = data
    if isinstance(data, dict):
        parts = list(_parts(data))
        found = [fault for path, value, kind in parts if (fault := _fault_of(value, kind, path)) is not None]
        # What was looked at one by one need not be told once more; the sections themselves must be of the right kind.
        left = {
            key: type(value)() if key in {path[0] for path, _, _ in parts} else value for key, value in data.items()
        }
    if (fault := _fault_of(left, RulesFile, ())) is not None:
        found.append(fault)
    return (None, found) if found else (msgspec.convert(data, RulesFile), [])


def _parts(data: dict[Any, Any]) -> Iterator[tuple[YamlPath, Any, Any]]:
    """Where each part stands, what was read there, and what it should be."""
    for section, kind in _ENTRIES.items():
        values = data.get(section)
        if isinstance(values, dict):
            for name, value in values.items():
                yield (section, name), name, Name
                yield (section, name), value, kind
    rules = data.get("rules")
    if isinstance(rules, list):
        yield from ((("rules", number), value, Rule) for number, value in enumerate(rules))


def _fault_of(value: Any, kind: Any, path: YamlPath) -> Fault | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return explained(error, path, value)
    return None


def _with_whole_times(data: Any) -> Any:
    """``data`` with the seconds of its times of day: people write 22:00, msgspec reads 22:00:00."""
    if not isinstance(data, dict):
        return data
    whole = dict(data)
    if isinstance(rota := data.get("rota"), dict):
        whole["rota"] = {
            name: [_whole_times(shift) for shift in shifts] if isinstance(shifts, list) else shifts
            for name, shifts in rota.items()
        }
    if isinstance(rules := data.get("rules"), list):
        whole["rules"] = [
            {**rule, "quiet": _whole_times(rule["quiet"])} if isinstance(rule, dict) and "quiet" in rule else rule
            for rule in rules
        ]
    return whole


def _whole_times(turn: Any) -> Any:
    if not isinstance(turn, dict):
        return turn
    times = {key: turn[key] for key in ("from", "to") if isinstance(turn.get(key), str)}
    return {**turn, **{key: f"{time}:00" for key, time in times.items() if _TIME.fullmatch(time)}}


def _each_place_once(found: list[Fault]) -> list[Fault]:
    """Of several faults of one place the first: that a key means a person matters more than that it is unknown."""
    return list({fault.path: fault for fault in reversed(found)}.values())[::-1]
