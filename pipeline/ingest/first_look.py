"""Looks at the first lines of an input before anything is sent: where they all lack the same field, so will the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from pipeline.errors import InvalidInput
from pipeline.ingest.canonical import Defaults, missing
from pipeline.ingest.sources import Entry
from schemas.codec import InvalidMessage

LOOKED_AT: Final = 10
"""Lines that are looked at; one, where the next may be long in coming."""

_REMEDY: Final = {
    "source": "--source NAME",
    "created_at": "--created-at now (or a date)",
    "id": "--map id=KEY",
    "text": "--map text=KEY",
    "deleted_at": "--map deleted_at=KEY",
}


def require_usable(name: str, entries: Sequence[Entry], defaults: Defaults, now: dt.datetime) -> None:
    """Raises `InvalidInput`, naming the options that help, when every readable one of ``entries`` lacks the same field."""
    readable = [entry for entry in entries if not isinstance(entry.fields, InvalidMessage)]
    lacking = [missing(defaults.filling(entry.fields, now)) for entry in readable if isinstance(entry.fields, dict)]
    everywhere = [field for field in _REMEDY if lacking and all(field in fields for fields in lacking)]
    if not everywhere:
        return
    first = readable[0]
    # A key is anybody's text, and a terminal obeys control characters.
    keys = sorted(key for key in first.fields if key.isprintable()) if isinstance(first.fields, dict) else []
    remedies = " and ".join(_REMEDY[field] for field in everywhere)
    raise InvalidInput(
        f"Line {first.line} of {name} has {' and '.join(f'no `{field}`' for field in everywhere)}"
        f"{', nor have the lines after it' if len(readable) > 1 else ''}; nothing was sent.",
        f"Add {remedies}." + (f" Its keys are: {', '.join(keys)[:300]}." if keys else ""),
    )
