"""The structs that a rules file stands for, and everything that keeps it from being them. Pure.

msgspec ends at the first fault of what it converts. So a file is taken apart, down to what has no parts, and converted
piece by piece: every fault is found at once. Where something is wrong a harmless value stands in for it, so that what the
structs can't say (`pipeline.alert.checks`) is found with it.
"""

from __future__ import annotations

import datetime as dt
import re
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from pipeline.alert.explain import closest, explained, missing, unknown_key
from pipeline.alert.fault import Fault
from pipeline.alert.rules import RulesFile, Secret
from pipeline.alert.yaml_text import Path

_TIME: Final = re.compile(r"\d\d:\d\d")
_STAND_INS: Final[dict[Any, Any]] = {
    str: "",
    int: 0,
    float: 0.0,
    bool: False,
    dt.time: dt.time(),
    list: [],
    dict: {},
    Secret: Secret(env=""),
}
"""For what is wrong or missing; no check finds fault with one on its own."""


def shaped(data: Any) -> tuple[RulesFile, list[Fault]]:
    """What ``data``, a file as it was read, stands for. Where there are faults it is for `pipeline.alert.checks` only."""
    found: list[Fault] = []
    return _made(data, RulesFile, (), found), found


def _made(value: Any, kind: Any, path: Path, found: list[Fault]) -> Any:
    """``value``, which stands at ``path``, as ``kind``; whatever is wrong with it is added to ``found``."""
    meant = _meant(kind, value)
    if isinstance(value, dict) and _is_struct(meant):
        return _struct(value, meant, path, found)
    if isinstance(value, dict) and get_origin(meant) is dict:
        for name in value:
            _piece(name, get_args(meant)[0], (*path, str(name)), found)
        return {name: _made(one, get_args(meant)[1], (*path, str(name)), found) for name, one in value.items()}
    if isinstance(value, list) and get_origin(meant) is list:
        if get_origin(kind) is Annotated:  # how many there may be
            _piece(value, Annotated[(list, *get_args(kind)[1:])], path, found)
        return [_made(one, get_args(meant)[0], (*path, place), found) for place, one in enumerate(value)]
    return _piece(value, kind, path, found)


def _struct(value: dict[Any, Any], kind: type[msgspec.Struct], path: Path, found: list[Fault]) -> msgspec.Struct:
    fields = msgspec.structs.fields(kind)
    known = [field.encode_name for field in fields]
    strangers = [str(name) for name in value if name not in known and name != kind.__struct_config__.tag_field]
    found += [unknown_key((*path, name), known) for name in strangers]
    misspelt = {closest(name, known) for name in strangers}
    made = {}
    for field in fields:
        where = (*path, field.encode_name)
        if field.encode_name in value:
            made[field.name] = _made(value[field.encode_name], field.type, where, found)
        elif field.required:
            if field.encode_name not in misspelt:
                found.append(missing(where))
            made[field.name] = _stand_in(field.type)
    return kind(**made)


def _piece(value: Any, kind: Any, path: Path, found: list[Fault]) -> Any:
    """What has no parts, or none that can be told."""
    if _meant(kind, value) is dt.time and isinstance(value, str) and _TIME.fullmatch(value):
        value = f"{value}:00"  # people write 22:00, msgspec reads 22:00:00
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found.append(explained(error, path, value, _meant(kind, value)))
    return _stand_in(kind)


def _meant(kind: Any, value: Any) -> Any:
    """``kind`` without its description, and of several structs the one that ``value`` is to be, if that can be told."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, UnionType):
        return kind
    structs = [one for one in get_args(kind) if _is_struct(one)]
    tag = value.get("type") if isinstance(value, dict) else None
    named = [one for one in structs if tag is not None and one.__struct_config__.tag == tag]
    return next(iter(named), structs[0] if len(structs) == 1 and isinstance(value, dict) else kind)


def _stand_in(kind: Any) -> Any:
    kind = _meant(kind, None)
    if get_origin(kind) in (Union, UnionType):
        return None if type(None) in get_args(kind) else _stand_in(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    plain = get_origin(kind) or kind
    if plain in _STAND_INS:
        return _STAND_INS[plain]
    return kind(**{field.name: _stand_in(field.type) for field in msgspec.structs.fields(kind) if field.required})


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
