"""What is imported into Kibana, and what that changes there. Pure, but for reading the file.

deploy/kibana makes the file. It is read here and not made, so that what is imported is what was checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.settings import ROOT
from pipeline.setup.change import Change, Kind

Body = dict[str, Any]

FILE: Final = ROOT / "deploy" / "kibana" / "flagpost.ndjson"

KINDS: Final[dict[str, Kind]] = {"index-pattern": "data view", "search": "search", "dashboard": "dashboard"}
"""Kibana's types of saved objects, as its pages call them."""

_OURS: Final = re.compile(r'(?<=["\[])flagpost(?=[-\]])')
"""Where a namespace goes: before ids, titles and indices, which all begin with flagpost's name. Fields go on with a dot."""

_MOVING: Final = ("fieldAttrs",)
"""Attributes that Kibana itself changes: how often each field was used."""


def objects(namespace: str, file: Path = FILE) -> list[Body]:
    """Every saved object, as an installation with ``namespace`` has it."""
    text = file.read_text(encoding="utf-8")
    if namespace:
        text = _OURS.sub(f"{namespace}-flagpost", text)
    return [json.loads(line) for line in text.splitlines()]


def ndjson(wanted: Sequence[Body]) -> bytes:
    """As Kibana imports them."""
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in wanted).encode()


def changes(wanted: Sequence[Body], found: Mapping[tuple[str, str], Body]) -> list[Change]:
    """What an import of ``wanted`` does, in order; ``found`` is what is there, by type and id."""
    return [_change(one, found.get((one["type"], one["id"]))) for one in wanted]


def _change(wanted: Body, found: Body | None) -> Change:
    kind, attributes = KINDS[wanted["type"]], wanted["attributes"]
    if found is None:
        return Change(kind, wanted["id"], "created", attributes.get("name", attributes["title"]))
    differing = [
        name
        for name, value in attributes.items()
        if name not in _MOVING and _read(value) != _read(found.get("attributes", {}).get(name))
    ]
    if _referred(wanted) != _referred(found):
        differing.append("references")
    if not differing:
        return Change(kind, wanted["id"], "unchanged")
    return Change(kind, wanted["id"], "updated", f"replaced: other {', '.join(differing)}")


def _read(value: Any) -> Any:
    """``value`` with the JSON in its strings read, which may be written in more than one way."""
    if isinstance(value, Mapping):
        return {name: _read(inner) for name, inner in value.items()}
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _referred(one: Body) -> set[tuple[str, str, str]]:
    return {(each["name"], each["type"], each["id"]) for each in one.get("references", [])}
