"""Reads exported files row by row: JSON lines of ``flagpost review export``, JSONL and CSV of ``flagpost export``."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import InvalidInput
from pipeline.export.spreadsheet import restored

csv.field_size_limit(4 * 1024 * 1024)  # the library's own limit is below that of a post's text

IDS: Final = ("id", "_id")
"""Under these names a row has its post's document id."""

NAMES: Final = ("author", "author_id")
"""Under these names a table has a post's author: by handle, and by id."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's bytes and what it says of its post: the document, the source, and the author's handle and id, if any."""

    raw: bytes
    id: str | None = None
    """None: it is no row of anything, but a blank line or a table's head."""
    source: object = None
    names: Collection[str] = ()
    lacks_ids: bool = False
    """Whether it could not name its author by an id: a table of before there was such a column."""


def rows(path: Path, lines: Iterable[bytes]) -> Iterator[Row]:
    """The rows of ``lines``, which are those of the file at ``path``. Raises `InvalidInput` for what is no export."""
    rest = iter(lines)
    first = next(rest, b"")
    every = itertools.chain([first] if first else [], rest)
    if first.lstrip()[:1] == b"{":
        yield from (_json_row(path, line) for line in every)
    else:
        yield from _csv_rows(path, every)


def _json_row(path: Path, line: bytes) -> Row:
    if not line.strip():
        return Row(line)
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _no_export(path) from None
    if not isinstance(row, dict):
        raise _no_export(path)
    user, ours = (one if isinstance(one, dict) else {} for one in (row.get("user"), row.get("flagpost")))
    id = next((row[name] for name in IDS if isinstance(row.get(name), str)), "")
    return Row(line, id, ours.get("source"), _names(user.get("name"), user.get("id")))


def _csv_rows(path: Path, lines: Iterable[bytes]) -> Iterator[Row]:
    raw: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            raw.append(line)
            yield line.removeprefix(_BOM).decode("utf-8", "surrogateescape")

    reader = csv.reader(texts())
    head: list[str] | None = None
    try:
        for row in reader:
            if head is None:
                head = row
                if not set(IDS) & set(head):
                    raise _no_export(path)
                yield Row(b"".join(raw))
            elif row:
                cells = dict(zip(head, map(restored, row), strict=False))
                id = next((cells[name] for name in IDS if name in cells), "")
                names = _names(*map(cells.get, NAMES))
                yield Row(b"".join(raw), id, cells.get("source"), names, "author_id" not in head)
            else:
                yield Row(b"".join(raw))
            raw.clear()
    except csv.Error:
        raise _no_export(path) from None


def _names(*names: object) -> list[str]:
    return [str(name) for name in names if name]


def _no_export(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} is not a file that flagpost exported: its rows have no id.",
        "Name JSON lines of `flagpost review export`, or what `flagpost export` wrote.",
    )
