"""JSON Schema of the rules file, for editors that complete and check YAML. ``python -m pipeline.alert.rules_schema``
writes it beside the rules that ship.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline.alert.rules import RulesFile
from pipeline.settings import ROOT
from schemas.json_schema import schema_of, text

FILE: Final = ROOT / "deploy" / "alerts" / "rules.schema.json"

_TIME: Final = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"}
"""A time of day. The formats that msgspec names ask for seconds, which nobody writes here."""


def generated() -> str:
    """The content of `FILE`."""
    return text(_as_written(schema_of(RulesFile, title="flagpost's rules file")))


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
