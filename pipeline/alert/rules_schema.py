"""JSON Schema of the rules file, for editors that complete and check YAML. ``python -m pipeline.alert.rules_schema``
writes it beside the rules that ship.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.alert.rules import RulesFile
from pipeline.settings import ROOT

FILE: Final = ROOT / "deploy" / "alerts" / "rules.schema.json"

_TIME: Final = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"}
"""A time of day. The formats that msgspec names ask for seconds, which nobody writes here."""


def generated() -> str:
    """The content of `FILE`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "flagpost's rules file"}
    schema |= _as_written(msgspec.json.schema(RulesFile))
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _as_written(part: Any) -> Any:
    """``part`` of a schema with times of day as people write them."""
    if isinstance(part, list):
        return [_as_written(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _as_written(value) for name, value in part.items()}
    if kept.get("format") not in ("time", "partial-time"):
        return kept
    del kept["format"]
    if "default" in kept:
        kept["default"] = str(kept["default"])[:5]
    return {**kept, **_TIME}


def write(path: Path = FILE) -> None:
    path.write_text(generated(), encoding="utf-8")


if __name__ == "__main__":
    write()
