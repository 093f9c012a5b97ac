"""The crash journal: what a worker had in work when it ended without saying so.

A message that kills its process would kill every restart. So a batch's places are written to a file before the batch is
handled and removed when it is done. A file that is still there at the next start tells of an unclean end: its messages are
taken one at a time from then on, and one that was alone in work at `MOST_UNCLEAN_ENDS` unclean ends is a dead letter.

The file protects against the process's death, not the machine's: it is renamed into place, not synced. Where it can't be
written (a full disk) the worker goes on without: it only ever helps to find what kills workers, never to lose nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from pipeline.log import get_logger
from pipeline.message import Message, Place
from pipeline.whole_file import write_whole

log = get_logger(__name__)

MOST_UNCLEAN_ENDS: Final = 3


class _Page(Struct):
    in_work: list[Place] = []
    suspects: dict[str, int] = {}
    """Place, written ``topic/partition/offset``, → unclean ends at which it was alone in work."""


def _name(place: Place) -> str:
    return "/".join(map(str, place))


class CrashJournal:
    """One worker's journal. Not shared between processes: `claim` gives each worker of a stage a file of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: IO[bytes] | None = None
        self._page = self._read()
        self._learn_from_unclean_end()

    @classmethod
    def claim(cls, folder: Path, stage: str) -> CrashJournal:
        """The first journal of ``stage`` in ``folder`` that no living worker has; a restarted worker finds its own."""
        folder.mkdir(parents=True, exist_ok=True)
        for slot in itertools.count():
            lock = (folder / f"{stage}-{slot}.lock").open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            journal = cls(folder / f"{stage}-{slot}.json")
            journal._lock = lock  # held until the process ends, however it ends
            return journal
        raise AssertionError("unreachable")

    def _read(self) -> _Page:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Page)
        except FileNotFoundError:
            return _Page()
        except (msgspec.DecodeError, OSError):
            # Half a journal tells nothing; the messages themselves are safe in Kafka.
            return _Page()

    def _learn_from_unclean_end(self) -> None:
        in_work, self._page.in_work = self._page.in_work, []
        if not in_work:
            return
        alone = len(in_work) == 1
        for place in in_work:
            name = _name(place)
            self._page.suspects[name] = self._page.suspects.get(name, 0) + int(alone)
        self._write()

    @property
    def has_suspects(self) -> bool:
        """Whether any message was in work at an unclean end and has not been done since."""
        return bool(self._page.suspects)

    def is_suspect(self, message: Message) -> bool:
        """Whether the message was in work at an unclean end and has not been done since."""
        return bool(self._page.suspects) and _name(message.place) in self._page.suspects

    def unclean_ends(self, message: Message) -> int:
        """Unclean ends at which the message was alone in work."""
        return self._page.suspects.get(_name(message.place), 0)

    def begin(self, messages: Sequence[Message]) -> None:
        """Notes that these messages are in work."""
        self._page.in_work = [message.place for message in messages]
        self._write()

    def finish(self, messages: Sequence[Message] = ()) -> None:
        """Notes a clean end: ``messages`` are done, nothing is in work."""
        self._page.in_work = []
        for message in messages:
            self._page.suspects.pop(_name(message.place), None)
        if self._page.suspects:
            self._write()
        else:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, msgspec.json.encode(self._page))
        except OSError as error:
            log.warning("the crash journal can't be written", file=str(self._path), reason=error.strerror)
