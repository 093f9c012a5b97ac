"""Which column is which: asked for by name or number, or found under a usual name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import InvalidInput
from pipeline.evaluation.table import Record, Table

USUAL: Final[dict[str, tuple[str, ...]]] = {
    "text": ("text", "tweet", "post", "message", "content", "body", "full_text", "tweet_text", "comment", "sentence"),
    "label": ("label", "category", "class", "primary_label", "true_label", "gold", "target"),
    "grade": ("grade", "urgency"),
    "also": ("also", "other_labels", "secondary_labels"),
    "source": ("source", "channel", "network", "platform"),
    "theme": ("theme", "topic"),
    "id": ("id", "uid", "post_id", "tweet_id"),
}
"""Our field → the names that others have for it, the likeliest first."""

_MOST_NAMED: Final = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user named, by name or number; None: look for a usual one."""

    text: str | None = None
    label: str | None = None
    grade: str | None = None
    also: str | None = None
    source: str | None = None
    theme: str | None = None


def column(table: Table, field: str, asked: str | None, option: str) -> str | None:
    """The column of ``table`` for our ``field``: the one asked for ('': none), else one with a usual name, else None.

    A name is looked for as it is, then in any case; a number counts columns from 1. In JSON a dot reaches into an object.
    Raises `InvalidInput`, naming ``option``, when what was asked for is not there.
    """
    if asked is None:
        by_name = {_plain(name): name for name in reversed(table.columns)}
        return next((by_name[usual] for usual in USUAL[field] if usual in by_name), None)
    if not asked.strip():
        return None
    if asked in table.columns:
        return asked
    same = [name for name in table.columns if _plain(name) == _plain(asked)]
    if len(same) == 1:
        return same[0]
    if asked.isascii() and asked.isdigit() and 1 <= int(asked) <= len(table.columns) and table.kind != "jsonl":
        return table.columns[int(asked) - 1]
    if table.kind == "jsonl" and "." in asked and any(value(record, asked) is not None for record in table.records):
        return asked
    raise InvalidInput(f"{table.name} has no column {asked!r} ({option}).", named(table.columns))


def required(table: Table, field: str, asked: str | None, option: str) -> str:
    """`column`, where there must be one. Raises `InvalidInput`."""
    found = column(table, field, asked, option)
    if found is None:
        raise InvalidInput(
            f"No column of {table.name} has a usual name for the {field} ({', '.join(USUAL[field])}).",
            f"Add {option} NAME. {named(table.columns)}",
        )
    return found


def value(record: Record, name: str) -> Any:
    """What ``record`` has in column ``name``; None where it has nothing."""
    if name in record.fields:
        return record.fields[name]
    found: Any = record.fields
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def named(columns: Sequence[str]) -> str:
    """A sentence that lists the columns; their names are anybody's, so those that can't be printed are left out."""
    names = ", ".join(name for name in columns if name.isprintable())
    return f"Its columns are: {names[:_MOST_NAMED]}{' …' if len(names) > _MOST_NAMED else ''}."


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
