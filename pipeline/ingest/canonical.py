"""What a file or a client says of a post → a `Post` or `PostDeleted` within its bounds.

Kindnesses, each of which loses nothing: a missing ``type`` is a post; null is a missing value; an ``id`` may be a whole
number; keys that we don't know move into ``extra``, those of ``author``, ``place`` and ``media`` too. A date must be
RFC 3339 with a UTC offset: a bare number could be seconds or milliseconds, a date without an offset could be an hour off,
and a guess would put a call for help in the wrong place. A deletion keeps only what `PostDeleted` has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from schemas import codec
from schemas.codec import InvalidMessage
from schemas.post import EARLIEST, MAX_AHEAD, MAX_POST_BYTES, Author, Media, Place, Post, PostDeleted
from schemas.topics import POSTS

Fields = dict[str, Any]

_POST: Final = frozenset(Post.__struct_fields__) - {"extra"}
_DATES: Final = ("created_at", "edited_at", "deleted_at", "read_at")
_PARTS: Final[dict[str, frozenset[str]]] = {
    "author": frozenset(Author.__struct_fields__),
    "place": frozenset(Place.__struct_fields__),
}
_NAMED_BY: Final = {"author": "handle", "place": "name"}
"""The field that is meant where somebody gives a text for the whole part."""
_MEDIA: Final = frozenset(Media.__struct_fields__)
_NEEDED: Final = {"post": ("source", "id", "text", "created_at"), "post_deleted": ("source", "id", "deleted_at")}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for posts that don't say it themselves. ``created_at`` may be ``"now"``: when the post is read."""

    source: str | None = None
    created_at: dt.datetime | str | None = None

    def filling(self, fields: Fields, now: dt.datetime) -> Fields:
        """``fields`` without nulls and with these defaults."""
        filled = {name: value for name, value in fields.items() if value is not None}
        if self.source is not None:
            filled.setdefault("source", self.source)
        if self.created_at is not None and filled.get("type", "post") == "post":
            filled.setdefault("created_at", now if self.created_at == "now" else self.created_at)
        return filled


def missing(fields: Fields) -> list[str]:
    """Names of needed fields that ``fields`` lacks."""
    kind = fields.get("type", "post")
    return [name for name in _NEEDED.get(kind if isinstance(kind, str) else "", ()) if fields.get(name) is None]


def canonical(fields: Mapping[str, Any], defaults: Defaults, now: dt.datetime) -> Post | PostDeleted:
    """The record that ``fields`` describe, read at ``now``. Raises `InvalidMessage`, which never quotes the post."""
    filled = defaults.filling(dict(fields), now)
    kind = filled.pop("type", "post")
    if kind not in ("post", "post_deleted"):
        raise InvalidMessage("wrong_shape", "type is neither post nor post_deleted")
    if lacking := missing({"type": kind, **filled}):
        raise InvalidMessage("wrong_shape", f"without {', '.join(lacking)}")
    if isinstance(filled["id"], int) and not isinstance(filled["id"], bool):
        filled["id"] = str(filled["id"])
    for name in _DATES:
        if name in filled:
            filled[name] = _date(name, filled[name])
    record = _typed({"type": kind, **(_sorted_out(filled, now) if kind == "post" else filled)})
    codec.check_post(record, now)
    return record


def encoded(record: Post | PostDeleted) -> bytes:
    """``record`` as a value of `[posts]`. Raises `InvalidMessage` when it is larger than a post may be."""
    value = codec.encode(record)
    if len(value) > MAX_POST_BYTES:
        raise InvalidMessage("too_large", f"{len(value)} bytes as a record, at most {MAX_POST_BYTES}")
    return value


def _date(name: str, value: Any) -> dt.datetime:
    if isinstance(value, int | float) or (isinstance(value, str) and value.strip().lstrip("-").isdigit()):
        raise InvalidMessage("bad_date", f"{name} is a number; write it as 2026-10-03T14:05:00Z")
    try:
        date = msgspec.convert(value.strip() if isinstance(value, str) else value, dt.datetime)
    except msgspec.ValidationError:
        raise InvalidMessage("bad_date", f"{name} is not of the form 2026-10-03T14:05:00Z") from None
    if date.tzinfo is None:
        raise InvalidMessage("bad_date", f"{name} has no UTC offset; write it as 2026-10-03T14:05:00Z or …+02:00")
    return date


def _sorted_out(filled: Fields, now: dt.datetime) -> Fields:
    """A post's fields with everything unknown in ``extra``."""
    extra = filled.pop("extra", {})
    if not isinstance(extra, dict):
        raise InvalidMessage("wrong_shape", "extra is not an object")
    extra = dict(extra)
    known = {name: value for name, value in filled.items() if name in _POST}
    extra |= {name: value for name, value in filled.items() if name not in _POST}
    for name, fields in _PARTS.items():
        part = known.get(name)
        if isinstance(part, str):
            meant = f"{name}.{_NAMED_BY[name]}"
            raise InvalidMessage(
                "wrong_shape", f"{name} is a text, not an object; --map {meant}={name} reads it as {meant}"
            )
        if isinstance(part, dict):
            known[name], rest = _split(part, fields)
            if rest:
                extra[name] = rest
    if isinstance(media := known.get("media"), list):
        split = [_split(one, _MEDIA) if isinstance(one, dict) else (one, {}) for one in media]
        known["media"] = [part for part, _ in split]
        if any(rest for _, rest in split):
            extra["media"] = [rest for _, rest in split]
    read_at = known.setdefault("read_at", now)
    if not EARLIEST <= read_at <= now + MAX_AHEAD:
        raise InvalidMessage("bad_date", "read_at is before the year 2000 or more than 24 hours ahead")
    return {**known, "extra": extra}


def _split(part: Fields, fields: frozenset[str]) -> tuple[Fields, Fields]:
    known = {name: value for name, value in part.items() if name in fields and value is not None}
    return known, {name: value for name, value in part.items() if name not in fields}


def _typed(fields: Fields) -> Post | PostDeleted:
    try:
        value = msgspec.json.encode(fields)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidMessage("wrong_shape", f"holds a value that can't be kept ({type(error).__name__})") from None
    if len(value) > MAX_POST_BYTES:
        raise InvalidMessage("too_large", f"{len(value)} bytes as a record, at most {MAX_POST_BYTES}")
    record: Post | PostDeleted = codec.decode(POSTS, value)
    return record
