"""Whom a record of any topic is about, read as leniently as can be. Pure.

For forgetting and for keeping tombstones it matters that nothing is overlooked: a record that no stage could use may
still name a post, and may be sent again one day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from schemas import codec
from schemas.post import PostDeleted
from schemas.topics import POSTS

_INSIDE: Final = ("post", "item", "latest")
"""Where items, decisions and holds keep what they are about; alerts have a list of ``items``."""


_GONE: Final = ("post_deleted", "withdrawn", "gone")
"""Types of records that say of a post only that it is gone."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of whom: ``authors`` are their ids and handles, these without @ and in lower case."""

    uids: frozenset[str]
    authors: frozenset[str]
    source: str | None
    empty: bool
    """The news that a post is gone: holds nothing that it said."""


def sight_of(key: bytes | None, value: bytes | None) -> Sight:
    """Whom a record names, by its key and in its value. A value that can't be read names nobody."""
    uids = {key.decode("utf-8", "replace")} if key and b":" in key else set()
    try:
        record = msgspec.json.decode(value or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Sight(frozenset(uids), frozenset(), None, False)
    parts = list(_parts(record))
    named = [one for one in parts if isinstance(one.get("source"), str) and isinstance(one.get("id"), str | int)]
    authors = [one["author"] for one in parts if isinstance(one.get("author"), dict)]
    return Sight(
        uids=frozenset(uids | {f"{one['source']}:{one['id']}" for one in named}),
        authors=frozenset(
            plain(str(name)) for one in authors for name in (one.get("id"), one.get("handle")) if name is not None
        ),
        source=named[0]["source"] if named else None,
        empty=bool(parts) and parts[0].get("type") in _GONE,
    )


def _parts(record: Any) -> Iterator[Mapping[str, Any]]:
    """The record and what it holds, if they are objects."""
    if not isinstance(record, dict):
        return
    yield record
    items = record.get("items")
    for inner in [*map(record.get, _INSIDE), *(items if isinstance(items, list) else [])]:
        yield from _parts(inner)


def is_uid(text: str) -> bool:
    """Whether it is the uid of a post as flagpost takes it."""
    source, _, post_id = text.partition(":")
    delete = PostDeleted(source=source, id=post_id, deleted_at=dt.datetime.fromtimestamp(0, dt.UTC))
    try:
        codec.decode(POSTS, codec.encode(delete))
    except codec.InvalidMessage:
        return False
    return True


def plain(author: str) -> str:
    """A handle or an id as `Sight` has it."""
    return author.strip().lstrip("@").casefold()
