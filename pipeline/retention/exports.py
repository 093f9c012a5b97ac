"""Takes rows out of exported files: JSON lines of ``flagpost review export``, JSONL and CSV of ``flagpost export``.

The rest stays byte for byte. The file is replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from pipeline.errors import InvalidInput
from pipeline.export.spreadsheet import restored
from pipeline.export.target import leaving_nothing
from pipeline.retention.seek import Author
from pipeline.retention.sight import plain

csv.field_size_limit(4 * 1024 * 1024)  # the library's own limit is below that of a post's text

IDS: Final = ("id", "_id")
"""Under these names a row has its post's document id."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: those of the documents ``ids``, and of ``author``, if it says of which source, wherever a row names them.
    A file may be older than all that is known of its posts.
    """

    ids: Collection[str]
    author: Author | None = None
    held: Collection[str] = ()
    """Documents whose rows stay."""

    def has(self, id: str | None, names: Iterable[object], source: object) -> bool:
        if id in self.held:
            return False
        if id in self.ids:
            return True
        if self.author is None or self.author.source is None or self.author.source != source:
            return False
        return plain(self.author.name) in {plain(str(name)) for name in names if name}


def rows_of(path: Path, wanted: Wanted) -> int:
    """How many rows of the file are ``wanted``. Raises `InvalidInput` for what is no export."""
    with _opened(path) as file:
        return sum(is_of for _, is_of in _rows(path, file, wanted))


def take_out(path: Path, wanted: Wanted) -> int:
    """Rewrites the file without the rows that are ``wanted``; returns how many they were.

    On the disk when it returns, under the same name, with the same owner and rights; untouched where there is nothing to
    take out. Copies of the file, and versions that a file system or a backup keeps, are beyond its reach. Raises
    `InvalidInput`.
    """
    target = path.resolve()
    part = target.parent / f".{target.name}.{secrets.token_hex(4)}.part"
    taken = 0
    try:
        with (
            leaving_nothing(),
            _opened(target) as file,
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new,
        ):
            for raw, is_of in _rows(path, file, wanted):
                taken += is_of
                if not is_of:
                    new.write(raw)
            new.flush()
            os.fsync(new.fileno())
        if taken:
            before = target.stat()
            with contextlib.suppress(PermissionError):  # who is no administrator can only have been its owner
                os.chown(part, before.st_uid, before.st_gid)
            part.chmod(before.st_mode & 0o777)
            part.replace(target)
            _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return taken


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{path} can't be read ({error.strerror}).", "Name a file that was exported.") from None
    with file:
        yield file


def _rows(path: Path, lines: Iterable[bytes], wanted: Wanted) -> Iterator[tuple[bytes, bool]]:
    """Each row's bytes, and whether it is ``wanted``; a CSV's header is a row of nobody."""
    rest = iter(lines)
    first = next(rest, b"")
    every = itertools.chain([first] if first else [], rest)
    if first.lstrip()[:1] == b"{":
        yield from ((line, _is_wanted(path, line, wanted)) for line in every)
    else:
        yield from _csv_rows(path, every, wanted)


def _is_wanted(path: Path, line: bytes, wanted: Wanted) -> bool:
    if not line.strip():
        return False
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _no_export(path) from None
    if not isinstance(row, dict):
        raise _no_export(path)
    id = next((row[name] for name in IDS if isinstance(row.get(name), str)), None)
    user, ours = (one if isinstance(one, dict) else {} for one in (row.get("user"), row.get("flagpost")))
    return wanted.has(id, (user.get("name"), user.get("id")), ours.get("source"))


def _csv_rows(path: Path, lines: Iterable[bytes], wanted: Wanted) -> Iterator[tuple[bytes, bool]]:
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
                yield b"".join(raw), False
            else:
                cells = dict(zip(head, map(restored, row), strict=False))
                id = next((cells[name] for name in IDS if name in cells), None)
                yield b"".join(raw), wanted.has(id, [cells.get("author")], cells.get("source"))
            raw.clear()
    except csv.Error:
        raise _no_export(path) from None


def _no_export(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} is not a file that flagpost exported: its rows have no id.",
        "Name JSON lines of `flagpost review export`, or what `flagpost export` wrote.",
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
