"""Reads the rules file: all of it is right, or what is wrong is said with its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.alert.advice import advice
from pipeline.alert.checks import faults
from pipeline.alert.fault import Fault
from pipeline.alert.persons import persons_named
from pipeline.alert.rules import RulesFile
from pipeline.alert.shape import shaped
from pipeline.alert.yaml_text import Path as YamlPath
from pipeline.alert.yaml_text import Unreadable, YamlText, read_yaml
from pipeline.errors import InvalidInput

_NAMELESS: Final = frozenset((key,) for key in RulesFile.__struct_encode_fields__) - {
    ("channels",),
    ("people",),
    ("rota",),
}
"""Keys of the file under which nothing is defined that is named elsewhere."""


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
    """Reads ``text``, the content of a file called ``name``; every fault is told that can be found. Never raises."""
    try:
        yaml = read_yaml(text)
    except Unreadable as error:
        nothing = YamlText(None, None, begins=error.line)
        return Read(
            name, None, [Fault((), str(error), "Correct it; an editor that knows YAML shows where.")], [], nothing
        )
    if yaml.data is None:
        return Read(name, None, [Fault((), "it is empty", "Begin with `version: 1`.")], [], yaml)
    file, found = shaped(yaml.data)
    found = [*_twice(yaml), *persons_named(yaml.data), *found]
    found += _apart_from(found, faults(file) if _knows_its_names(found) else [])
    if found:
        return Read(name, None, sorted(_each_place_once(found), key=lambda one: yaml.line_of(one.path)), [], yaml)
    return Read(name, file, [], advice(file), yaml)


def _twice(yaml: YamlText) -> list[Fault]:
    return [Fault(path, "it stands twice", "Leave one of the two.") for path in yaml.twice]


def _knows_its_names(found: Sequence[Fault]) -> bool:
    """Whether the sections that define names are whole: else every use of a name would be one more fault, for nothing."""
    return all(len(one.path) > 1 or one.path in _NAMELESS for one in found)


def _apart_from(found: Sequence[Fault], more: Sequence[Fault]) -> list[Fault]:
    """Those of ``more`` that are not about what is wrong anyway, for which something stands in."""
    wrong = {one.path for one in found}
    around = {one.path[:length] for one in found for length in range(len(one.path))}
    return [
        one
        for one in more
        if one.path not in around and not any(one.path[:length] in wrong for length in range(len(one.path) + 1))
    ]


def _each_place_once(found: list[Fault]) -> list[Fault]:
    """Of several faults of one place the first: that a key means a person matters more than that it is unknown."""
    first: dict[YamlPath, Fault] = {}
    for fault in found:
        first.setdefault(fault.path, fault)
    return list(first.values())
