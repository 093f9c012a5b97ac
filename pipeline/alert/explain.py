"""What msgspec finds wrong with a rules file, in its writer's words. No value is quoted that could be a secret."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from pipeline.alert.fault import Fault
from pipeline.alert.yaml_text import Path

_TAG: Final = " - at `$.type`"
_KINDS: Final = {
    "array": "a list",
    "object": "a mapping",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "time": "a time of day",
}
_SECRETS: Final = frozenset({"secret", "api_key", "routing_key", "url", "proxy"})
_BOUNDS: Final = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


def explained(error: msgspec.ValidationError, path: Path, value: Any, kind: Any) -> Fault:
    """What ``error`` says of ``value``, which stands at ``path`` and was to be a ``kind``."""
    says = str(error).removesuffix(_TAG)
    if str(error).endswith(_TAG):
        path, value = (*path, "type"), value["type"]
    if "matching regex" in says:
        return _badly_written(path)
    if absent := re.fullmatch(r"Object missing required field `(.*)`", says):
        return missing((*path, absent[1]))
    if says.startswith("Expected `object`, got `str`") and path[:1] == ("channels",) and path[-1] in _SECRETS:
        return secret_in_file(path)
    if says.startswith("Invalid RFC3339 encoded time"):
        return Fault(path, "it is no time of day", "Write it as 22:00, from 00:00 to 23:59; midnight is 00:00.")
    if says.startswith(("Invalid enum value", "Invalid value")):
        return _no_choice(path, _choices(kind), value)
    return Fault(path, _wrong_kind(says), "Correct it.")


def missing(path: Path) -> Fault:
    return Fault(path, "it is missing", "Add it.")


def unknown_key(path: Path, known: Sequence[str]) -> Fault:
    """Of a key that stands where only the ``known`` ones may."""
    close = closest(str(path[-1]), known)
    do = f"Is `{close}` meant?" if close else f"Its keys are {', '.join(known)}."
    return Fault(path, f"`{path[-1]}` is no key here", do)


def secret_in_file(path: Path) -> Fault:
    return Fault(
        path,
        "a secret stands in the file itself, where everybody reads it who may read the rules",
        "Write {env: NAME_OF_A_VARIABLE} or {file: PATH} instead, and give the secret another value: this one is known.",
    )


def one_of(names: Sequence[str]) -> str:
    """``names`` as a sentence offers them."""
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def closest(name: str, names: Sequence[str]) -> str | None:
    """Which of ``names`` was probably meant by ``name``."""
    return next(iter(difflib.get_close_matches(name, names, n=1)), None)


def meant(name: str, names: Sequence[str]) -> str:
    """Says which of ``names`` was probably meant by ``name``, or which there are."""
    if close := closest(name, names):
        return f"Is {close} meant?"
    return f"There is {one_of(names)}." if names else "There is none yet."


def _badly_written(path: Path) -> Fault:
    if path[-1:] == ("env",):
        return Fault(path, "it is no name of an environment variable", "Use capital letters, digits and underscores.")
    return Fault(
        path,
        "it is no name as flagpost takes it",
        "Use up to 64 lower-case letters, digits and dashes, a letter or digit first.",
    )


def _no_choice(path: Path, choices: Sequence[str], value: Any) -> Fault:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return Fault(path, f"`{str(value)[:64]}` is not {one_of(choices)}", meant(str(value), choices))
    return Fault(path, f"it is not {one_of(choices)}", "Correct it.")


def _wrong_kind(says: str) -> str:
    if bound := re.fullmatch(r"Expected `(\w+)` of length (>=|<=) (\d+)", says):
        what = {"array": "entries", "object": "keys"}.get(bound[1], "characters")
        return f"it needs {_BOUNDS[bound[2]]} {bound[3]} {what}"
    if bound := re.fullmatch(r"Expected `\w+` (>=|<=|>|<) ([\d.]+)", says):
        return f"it must be {_BOUNDS[bound[1]]} {float(bound[2]):g}"
    if kinds := re.fullmatch(r"Expected `([\w |]+)`, got `(\w+)`", says):
        wanted = one_of([_KINDS.get(one, one) for one in kinds[1].split(" | ")])
        return f"{_KINDS.get(kinds[2], kinds[2])} stands where {wanted} is expected"
    return "it is not what is expected there"


def _choices(kind: Any) -> list[str]:
    """What may be written where ``kind`` is expected: its values, or the types of channels."""
    if get_origin(kind) is Literal:
        return sorted(str(value) for value in get_args(kind))
    return [str(one.__struct_config__.tag) for one in get_args(kind)]
