"""The options that `flagpost ingest` and `flagpost ingest-http` check before they begin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from pipeline.errors import InvalidInput
from pipeline.ingest.canonical import Defaults
from schemas.fields import Source
from schemas.post import Author, Place, Post, PostDeleted

_FIELDS = (
    {*Post.__struct_fields__, *PostDeleted.__struct_fields__, "type"}
    | {f"author.{name}" for name in Author.__struct_fields__}
    | {f"place.{name}" for name in Place.__struct_fields__}
)


def check_columns(maps: Sequence[str]) -> dict[str, str]:
    """``FIELD=KEY`` … as a dictionary. Raises `InvalidInput`."""
    columns: dict[str, str] = {}
    for text in maps:
        field, equals, key = text.partition("=")
        if not (field and equals and key):
            raise InvalidInput(f"--map {text} is not of the form FIELD=KEY.", "For example: --map text=body")
        if field not in _FIELDS and not field.startswith("extra."):
            raise InvalidInput(
                f"--map {text}: a post has no field {field!r}.",
                f"Fields: {', '.join(sorted(_FIELDS))}; extra.NAME for anything else.",
            )
        if field in columns or key in columns.values():
            raise InvalidInput(f"--map {text}: the field or the key is mapped twice.", "Map each once.")
        columns[field] = key
    return columns


def defaults_of(source: str | None, created_at: str | None) -> Defaults:
    """Checks ``--source`` and ``--created-at``. Raises `InvalidInput`."""
    if source is not None:
        try:
            msgspec.convert(source, Source)
        except msgspec.ValidationError:
            raise InvalidInput(
                f"--source {source!r} can't be the name of a source.",
                "Lower-case letters, digits, dot, dash and underscore, at most 64: x, bluesky, webform …",
            ) from None
    if created_at is None or created_at == "now":
        return Defaults(source, created_at)
    try:
        date = msgspec.convert(created_at, dt.datetime)
    except msgspec.ValidationError:
        date = None
    if date is None or date.tzinfo is None:
        raise InvalidInput(
            f"--created-at {created_at!r} is neither `now` nor a date with a UTC offset.",
            "For example: 2026-10-03T14:05:00Z",
        )
    return Defaults(source, date)


def delimiter_of(text: str | None) -> str | None:
    """The one character that ``--delimiter`` names. Raises `InvalidInput`."""
    if text is None:
        return None
    character = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(character) != 1 or not character.isascii() or character in '"\r\n':
        raise InvalidInput(f"--delimiter {text!r} is not one ASCII character.", "For example: ';' or tab")
    return character
