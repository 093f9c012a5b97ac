"""Where rows go: a file that is there whole or not at all, or standard output."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Final

from pipeline.errors import InvalidInput

_MINE_ALONE: Final = 0o600
"""What posts say is for whoever exported it, until they give it to others."""


def require_new(path: Path) -> None:
    """Raises `InvalidInput` where ``path`` is there already, or can't be made."""
    folder = path.absolute().parent
    if os.path.lexists(path):
        raise InvalidInput(f"--out names what is there already: {path}.", "Name another file, or remove it first.")
    if not folder.is_dir():
        raise InvalidInput(f"--out names a file in a folder that doesn't exist: {folder}.", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK):
        raise InvalidInput(f"--out can't be written: {path}.", "Name a file in another folder, or correct its rights.")


class NewFile:
    """A file under a temporary name beside ``path``; `keep` gives it its name, once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.absolute().parent / f".{path.name}.{secrets.token_hex(4)}.part"
        self.stream: BinaryIO = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MINE_ALONE), "wb")

    def keep(self) -> None:
        """Returns when the file stands under its name, on the disk. Raises `InvalidInput` where somebody took the name."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        try:
            os.link(self._part, self._path)  # unlike a rename it never overwrites
        except FileExistsError:
            raise InvalidInput(f"Meanwhile something else is there: {self._path}.", "Name another file.") from None
        except OSError:  # a file system without links
            require_new(self._path)
            self._part.rename(self._path)

    def close(self) -> None:
        """Takes the temporary name away, and with it what was not kept."""
        self.stream.close()
        self._part.unlink(missing_ok=True)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[NewFile]:
    """A `NewFile`, of which nothing is left unless it was kept."""
    with leaving_nothing():
        file = NewFile(path)
        try:
            yield file
        finally:
            file.close()


@contextlib.contextmanager
def leaving_nothing() -> Iterator[None]:
    """A context in which SIGTERM, and the SIGHUP of a terminal that closes, are raised as `SystemExit`: half a file of what
    posts say must not lie about under a name that nobody looks at. In the main thread; elsewhere it changes nothing, nor for
    a signal that is ignored, as SIGHUP under nohup.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    main = threading.current_thread() is threading.main_thread()
    ours = [one for one in (signal.SIGTERM, signal.SIGHUP) if main and signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
