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
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from pipeline.errors import InvalidInput
from pipeline.export.target import leaving_nothing

csv.field_size_limit(4 * 1024 * 1024)  # the library's own limit is below that of a post's text

IDS: Final = ("id", "_id")
"""Under these names a row has its post's document id."""

_BOM: Final = b"\xef\xbb\xbf"


def rows_of(path: Path, ids: Collection[str]) -> int:
    """How many rows of the file are of one of the documents ``ids``. Raises `InvalidInput` for what is no export."""
    with _opened(path) as file:
        return sum(is_of for _, is_of in _rows(path, file, ids))


def take_out(path: Path, ids: Collection[str]) -> int:
    """Rewrites the file without the rows of the documents ``ids``; returns how many they were.

    On the disk when it returns, under the same name, with the same rights; untouched where there is nothing to take out.
    Copies of the file, and versions that a file system or a backup keeps, are beyond its reach. Raises `InvalidInput`.
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
            for raw, is_of in _rows(path, file, ids):
                taken += is_of
                if not is_of:
                    new.write(raw)
            new.flush()
            os.fsync(new.fileno())
        if taken:
            part.chmod(target.stat().st_mode & 0o777)
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


def _rows(path: Path, lines: Iterable[bytes], ids: Collection[str]) -> Iterator[tuple[bytes, bool]]:
    """Each row's bytes, and whether it is of one of ``ids``; a CSV's header is a row of nobody."""
    rest = iter(lines)
    first = next(rest, b"")
    every = itertools.chain([first] if first else [], rest)
    if first.lstrip()[:1] == b"{":
        yield from ((line, _json_id(path, line) in ids) for line in every)
    else:
        yield from _csv_rows(path, every, ids)


def _json_id(path: Path, line: bytes) -> str | None:
    if not line.strip():
        return None
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _no_export(path) from None
    if not isinstance(row, dict):
        raise _no_export(path)
    return next((row[name] for name in IDS if isinstance(row.get(name), str)), None)


def _csv_rows(path: Path, lines: Iterable[bytes], ids: Collection[str]) -> Iterator[tuple[bytes, bool]]:
    raw: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            raw.append(line)
            yield line.removeprefix(_BOM).decode("utf-8", "surrogateescape")

    reader = csv.reader(texts())
    column: int | None = None
    try:
        for row in reader:
            if column is None:
                column = next((row.index(name) for name in IDS if name in row), None)
                if column is None:
                    raise _no_export(path)
                yield b"".join(raw), False
            else:
                yield b"".join(raw), len(row) > column and row[column] in ids
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
