"""A file, packed with gzip or not, read once or followed as `tail -F` does it."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Entry, Position, Watch
from pipeline.ingest.sources.form import Form

LOOK_EVERY = 0.2
"""Seconds between two looks at a followed file."""

_HEAD = 64 * 1024
_TAIL = 4 * 1024


class FileSource:
    """A regular file. With ``follow`` its entries end only when the watch stops them, or another file takes its place."""

    def __init__(self, path: Path, form: Form, watch: Watch, follow: bool = False) -> None:
        """Raises `InvalidInput` when the file can't be opened."""
        self.name = str(path)
        self.waits = follow
        self._path = path
        self._form = form
        self._watch = watch
        self._packed = path.name.endswith(".gz")
        if follow and self._packed:
            raise InvalidInput(f"{path} is packed; such a file can't be followed.", "Leave --follow out.")
        self._file = self._open()

    def size(self) -> int | None:
        """Bytes of the unpacked stream, where that is known without reading it."""
        return None if self._packed else os.fstat(self._file.fileno()).st_size

    def entries(self, start: Position) -> Iterator[Entry]:
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=self._file)) if self._packed else self._file
        position = start
        try:
            stream.seek(0)
            read = self._wait_and_read if self.waits else stream.read
            names, first = self._form.header(read, self.name)
            position = start if start.offset > first.offset else first
            stream.seek(position.offset)
            for entry in self._form.entries(read, position, names, self.name):
                if self.waits and self._watch.stopped():
                    return
                yield entry
                position = entry.after
        except InvalidInput:
            if not self._watch.stopped():  # else it is the header of an empty file that will not come any more
                raise
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput(
                f"{self.name} can't be read any further after line {position.line - 1:,} ({type(error).__name__}).",
                "It seems to be damaged or cut short; what stands before was sent.",
            ) from None

    def fingerprint(self, offset: int) -> str | None:
        handle = self._file.fileno()
        if self._packed:
            return f"gz:{os.fstat(handle).st_size}:{hashlib.sha256(os.pread(handle, _HEAD, 0)).hexdigest()}"
        if os.fstat(handle).st_size < offset:
            return "shorter"
        digest = hashlib.sha256(os.pread(handle, min(offset, _HEAD), 0))
        tail = min(offset, _TAIL)
        digest.update(os.pread(handle, tail, offset - tail))
        return f"{offset}:{digest.hexdigest()}"

    def another(self) -> bool:
        if not self.waits or self._watch.stopped():
            return False
        while not self._path.exists():
            if not self._pause():
                return False
        self._file.close()
        self._file = self._open()
        return True

    def close(self) -> None:
        self._file.close()

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise _cant_be_opened(self._path, error) from None

    def _wait_and_read(self, size: int) -> bytes:
        """The next bytes as soon as there are any; none when the watch stops us or this file is no longer the one."""
        while not (block := self._file.read(size)):
            # Look whose name it is before the last read: what was written until then is still ours.
            replaced = self._replaced()
            if block := self._file.read(size):
                return block
            if replaced or not self._pause():
                return b""
        return block

    def _replaced(self) -> bool:
        mine = os.fstat(self._file.fileno())
        if mine.st_size < self._file.tell():
            return True
        try:
            named = self._path.stat()
        except OSError:
            return False
        return (named.st_ino, named.st_dev) != (mine.st_ino, mine.st_dev)

    def _pause(self) -> bool:
        self._watch.idle()
        time.sleep(LOOK_EVERY)
        return not self._watch.stopped()


def is_regular(path: Path) -> bool:
    """Whether ``path`` is a file that can be read twice. Raises `InvalidInput` when it is missing or a folder."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _cant_be_opened(path, error) from None
    if stat.S_ISDIR(mode):
        raise InvalidInput(f"{path} is a folder.", f"Name the files in it: {path}/*.jsonl")
    return stat.S_ISREG(mode)


def _cant_be_opened(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"{path} can't be opened: {error.strerror}.", "Check the name and its rights.")
