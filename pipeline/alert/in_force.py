"""The rules that are in force: what the file said when it was last right."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.alert.rules import RulesFile
from pipeline.alert.rules_file import parse_rules, text_of, usable
from pipeline.errors import InvalidInput
from pipeline.log import get_logger

log = get_logger(__name__)

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the file."""

_Look = tuple[int, int, int]


class RulesInForce:
    """Reads the rules file, and reads it again when it has changed. A file that is wrong changes nothing but the log."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises `InvalidInput` when the file is wrong now: there is nothing yet that could stay in force."""
        self._path = path
        self._monotonic = monotonic
        self._seen = self._look()
        self._looked_at = monotonic()
        text = text_of(path)
        self._file = usable(parse_rules(text, str(path)))
        self._content = _digest(text)
        self.problem: str | None = None
        """What is wrong with the file as it is now, while older rules stay in force."""

    def current(self) -> RulesFile:
        """The same object for as long as the rules stay the same. Cheap: looks at the file at most every `LOOK_EVERY`."""
        now = self._monotonic()
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._read_if_changed()
        return self._file

    def _read_if_changed(self) -> None:
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            text = text_of(self._path)
            if self.problem is None and _digest(text) == self._content:
                return
            read = parse_rules(text, str(self._path))
            file = usable(read)
        except InvalidInput as error:
            self.problem = error.message
            log.error(
                "the rules file is wrong; the rules before it stay in force", reason=error.message, hint=error.hint
            )
            return
        self._content, self.problem = _digest(text), None
        if file != self._file:
            self._file = file
            log.info("the rules have changed", rules=len(file.rules), warnings=len(read.advice))

    def _look(self) -> _Look | None:
        """What changes when the file does: a new one under its name (as a ConfigMap is swapped), or new content in it."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
