"""Takes rows out of exported files: JSON lines of ``flagpost review export``, JSONL and CSV of ``flagpost export``.

The rest stays byte for byte. The file is replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import InvalidInput
from pipeline.export.target import leaving_nothing
from pipeline.retention.rows import Row, rows
from pipeline.retention.seek import Author
from pipeline.retention.sight import plain


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: those of the documents ``ids``, and of ``author``, if it says of which source, wherever a row names them.
    A file may be older than all that is known of its posts.
    """

    ids: Collection[str]
    author: Author | None = None
    held: Collection[str] = ()
    """Documents whose rows stay."""

    def has(self, row: Row) -> bool:
        if row.id is None or row.id in self.held:
            return False
        if row.id in self.ids:
            return True
        if self.author is None or self.author.source is None or self.author.source != row.source:
            return False
        return plain(self.author.name) in {plain(name) for name in row.names}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows a file has of what is wanted, and how many others can't be told to be the author's or not: those that
    name nobody, and those that name an author by handle alone.
    """

    wanted: int = 0
    nameless: int = 0
    by_handle: int = 0


def rows_of(path: Path, wanted: Wanted) -> Counted:
    """What of the file is ``wanted``. Raises `InvalidInput` for what is no export."""
    counts = Counter[str]()
    with _opened(path) as file:
        for row in rows(path, file):
            if wanted.has(row):
                counts["wanted"] += 1
            elif row.id is not None and row.id not in wanted.held:
                counts["nameless" if not row.names else "by_handle" if row.lacks_ids else "others"] += 1
    return Counted(counts["wanted"], counts["nameless"], counts["by_handle"])


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
            for row in rows(path, file):
                if wanted.has(row):
                    taken += 1
                else:
                    new.write(row.raw)
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


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
