"""What msgspec finds wrong with a rules file, in its writer's words. No value is quoted that could be a secret."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from pipeline.alert.fault import Fault
from pipeline.alert.rules import RulesFile
from pipeline.alert.yaml_text import Path

_WHERE: Final = re.compile(r" - at `(?:key` in `)?\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
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


def explained(error: msgspec.ValidationError, under: Path, data: Any) -> Fault:
    """What ``error`` says of ``data``, which was to be the part of a `RulesFile` at ``under``."""
    says = str(error)
    found = _WHERE.search(says)
    below = _steps(found[1]) if found else ()
    is_key = " at `key` in " in says
    says = _WHERE.sub("", says)
    path: Path = (*under, *below)
    if is_key or "matching regex" in says:
        return _badly_written(path, is_key)
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", says):
        return _unknown((*path, unknown[1]), unknown[1], _type_at(path, under, data))
    if missing := re.fullmatch(r"Object missing required field `(.*)`", says):
        return Fault(path, f"`{missing[1]}` is missing", "Add it.")
    if says.startswith("Expected `object`, got `str`") and path[:1] == ("channels",) and path[-1] in _SECRETS:
        return secret_in_file(path)
    if says.startswith("Invalid RFC3339 encoded time"):
        return Fault(path, "it is no time of day", "Write it as 22:00, from 00:00 to 23:59; midnight is 00:00.")
    if says.startswith(("Invalid enum value", "Invalid value")):
        choices = _choices(
            _type_at(path[:-1] if path[-1] == "type" else path, under, None if path[-1] == "type" else data)
        )
        return _no_choice(path, choices, _value_at(data, below))
    return Fault(path, _wrong_kind(says), "Correct it.")


def secret_in_file(path: Path) -> Fault:
    return Fault(
        path,
        "a secret stands in the file itself, where everybody reads it who may read the rules",
        "Write {env: NAME_OF_A_VARIABLE} or {file: PATH} instead, and give the secret another value: this one is known.",
    )


def one_of(names: Sequence[str]) -> str:
    """``names`` as a sentence offers them."""
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def meant(name: str, names: Sequence[str]) -> str:
    """Says which of ``names`` was probably meant by ``name``, or which there are."""
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"Is {close[0]} meant?"
    return f"There is {one_of(names)}." if names else "There is none yet."


def _steps(path: str) -> Path:
    """The keys and places of a path of msgspec's, up to the first that it does not tell."""
    steps: list[str | int] = []
    for name, place in _STEP.findall(path):
        if place == "...":
            break
        steps.append(int(place) if place else name)
    return tuple(steps)


def _badly_written(path: Path, is_key: bool) -> Fault:
    if path[-1:] == ("env",):
        return Fault(path, "it is no name of an environment variable", "Use capital letters, digits and underscores.")
    what = "a name here" if is_key else "it"
    return Fault(
        path,
        f"{what} is no name as flagpost takes it",
        "Use up to 64 lower-case letters, digits and dashes, a letter or digit first.",
    )


def _unknown(path: Path, name: str, kind: Any) -> Fault:
    known = [field.encode_name for field in kind.fields] if isinstance(kind, inspect.StructType) else []
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Is `{close[0]}` meant?" if close else f"Its keys are {', '.join(known)}." if known else "Take it out."
    return Fault(path, f"`{name}` is no key here", hint)


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


# What the structs expect at a place


@lru_cache(maxsize=1)
def _whole() -> inspect.Type:
    return inspect.type_info(RulesFile)


def _type_at(path: Path, under: Path, data: Any) -> Any:
    """The type that stands at ``path``, or None; ``data`` tells which kind of channel is there."""
    kind: Any = _whole()
    for depth, step in enumerate(path):
        kind = _plain(kind, data if depth == len(under) else None)
        if isinstance(kind, inspect.StructType):
            kind = next((field.type for field in kind.fields if field.encode_name == step), None)
        elif isinstance(kind, inspect.ListType):
            kind = kind.item_type
        elif isinstance(kind, inspect.DictType):
            kind = kind.value_type
        else:
            return None
    return _plain(kind, data if len(path) == len(under) else None)


def _plain(kind: Any, data: Any) -> Any:
    """``kind`` without its description, and of several the one that has keys."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not isinstance(kind, inspect.UnionType):
        return kind
    structs = [one for one in kind.types if isinstance(one, inspect.StructType)]
    tag = data.get("type") if isinstance(data, dict) else None
    return next((one for one in structs if one.tag == tag), structs[0] if len(structs) == 1 else kind)


def _choices(kind: Any) -> list[str]:
    if isinstance(kind, inspect.LiteralType):
        return sorted(str(value) for value in kind.values)
    if isinstance(kind, inspect.UnionType):  # the kinds of channels
        return [str(one.tag) for one in kind.types if isinstance(one, inspect.StructType)]
    return []


def _value_at(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data
