"""JSON Schema of the rules file, for editors that complete and check YAML. ``python -m pipeline.alert.rules_schema``
writes it beside the rules that ship.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pipeline.alert.rules import RulesFile
from pipeline.settings import ROOT
from schemas.json_schema import every_part, schema_of, text

FILE: Final = ROOT / "deploy" / "alerts" / "rules.schema.json"

_TIME: Final = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"}
"""A time of day. The formats that msgspec names ask for seconds, which nobody writes here."""


def generated() -> str:
    """The content of `FILE`."""
    return text(every_part(schema_of(RulesFile, title="flagpost's rules file"), _as_written))


def _as_written(part: dict[str, Any]) -> dict[str, Any]:
    """A time of day as people write it; any other part as it is."""
    if part.get("format") not in ("time", "partial-time"):
        return part
    kept = {name: value for name, value in part.items() if name != "format"}
    if "default" in kept:
        kept["default"] = str(kept["default"])[:5]
    return {**kept, **_TIME}


def write(path: Path = FILE) -> None:
    path.write_text(generated(), encoding="utf-8")


if __name__ == "__main__":
    write()
