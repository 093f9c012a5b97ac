"""How far each file is acknowledged, remembered on this machine, so that a run that was interrupted goes on from there.

A cursor belongs to a file's path and to Kafka's own id of the topic: after the topic was deleted or the local Kafka wiped,
it counts for nothing. It holds for a file only while the beginning of the file and what stands before the cursor are what
they were; then whatever was appended is new, and a file that was replaced is read from its start.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

import msgspec

from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Position, Source
from pipeline.whole_file import write_whole


class _State(msgspec.Struct, frozen=True):
    path: str
    topic_id: str
    offset: int
    line: int
    fingerprint: str


class Cursor:
    """The cursor of one file. Only one process at a time can hold it."""

    def __init__(self, folder: Path, path: Path, topic_id: str) -> None:
        """Raises `InvalidInput` when another process holds it, or ``folder`` can't be written."""
        self._path = str(path.absolute())
        self._topic_id = topic_id
        name = hashlib.sha256(f"{topic_id}\0{self._path}".encode()).hexdigest()[:32]
        self._file = folder / f"{name}.json"
        self._saved: Position | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise InvalidInput(
                f"The folder for cursors can't be written ({error.strerror}): {folder}",
                "Set FLAGPOST_HOME to another one.",
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise InvalidInput(
                f"Another `flagpost ingest` is reading {path} right now.", "Wait for it, or stop it first."
            ) from None

    def load(self, source: Source) -> Position | None:
        """Where to go on in ``source``, or None when it is new to us."""
        try:
            state = msgspec.json.decode(self._file.read_bytes(), type=_State)
        except (OSError, msgspec.MsgspecError):
            return None
        if state.fingerprint != source.fingerprint(state.offset):
            return None
        return Position(state.offset, state.line)

    def save(self, position: Position, source: Source) -> None:
        """Notes that everything before ``position`` is acknowledged; whole or not at all, whenever the machine stops."""
        if position == self._saved:
            return
        fingerprint = source.fingerprint(position.offset)
        if fingerprint is None:
            return
        state = _State(self._path, self._topic_id, position.offset, position.line, fingerprint)
        write_whole(self._file, msgspec.json.encode(state), synced=True)
        self._saved = position

    def forget(self) -> None:
        """Begins anew."""
        self._file.unlink(missing_ok=True)
        self._saved = None

    def close(self) -> None:
        os.close(self._lock)
