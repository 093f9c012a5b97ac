"""Standard input, or another pipe: read once, from where it stands."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

from pipeline.ingest.sources import Entry, Position, Watch
from pipeline.ingest.sources.form import Form

LOOK_EVERY = 0.2


class PipeSource:
    """A stream that can't be read twice. Entries end at its end, or when the watch stops them."""

    waits = True

    def __init__(self, handle: int, name: str, form: Form, watch: Watch) -> None:
        self.name = name
        self._handle = handle
        self._form = form
        self._watch = watch
        self._left = b""

    def entries(self, start: Position) -> Iterator[Entry]:
        # The header is read a line at a time out of larger blocks; what was read beyond it is given again.
        taken: list[bytes] = []

        def remember(size: int) -> bytes:
            block = self._read(size)
            taken.append(block)
            return block

        names, first = self._form.header(remember, self.name)
        self._left = b"".join(taken)[first.offset :]
        for entry in self._form.entries(self._read, first, names, self.name):
            if self._watch.stopped():
                return
            yield entry

    def fingerprint(self, offset: int) -> str | None:
        return None

    def another(self) -> bool:
        return False

    def _read(self, size: int) -> bytes:
        if self._left:
            block, self._left = self._left, b""
            return block
        while not self._watch.stopped():
            # A blocking read would not let Ctrl-C end the run in order.
            if select.select([self._handle], [], [], LOOK_EVERY)[0]:
                return os.read(self._handle, size)
            self._watch.idle()
        return b""
