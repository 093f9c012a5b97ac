"""A stage pauses when most of what it gets is bad: a broken producer must not empty its topic into the dead letters."""

from __future__ import annotations

import contextlib
from collections import deque
from pathlib import Path
from typing import Final

from pipeline.whole_file import write_whole

WINDOW: Final = 500
LEAST: Final = 50
BAD_SHARE: Final = 0.5


class PoisonGuard:
    """Counts the last `WINDOW` ends; once more than half of at least `LEAST` are bad, the stage is paused.

    The pause is a file, so that it outlives a restart; `flagpost worker resume STAGE` removes it, and the counts begin
    anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends: deque[bool] = deque()
        self._bad = 0
        self._tripped = False

    def record(self, bad: bool) -> None:
        """Counts one message's end."""
        self._forget_if_resumed()
        self._ends.append(bad)
        self._bad += bad
        if len(self._ends) > WINDOW:
            self._bad -= self._ends.popleft()
        if len(self._ends) >= LEAST and self._bad > BAD_SHARE * len(self._ends) and not self._tripped:
            self._tripped = True
            self._path.parent.mkdir(parents=True, exist_ok=True)
            reason = f"{self._bad} of the last {len(self._ends)} messages could not be used"
            write_whole(self._path, reason.encode())

    @property
    def paused(self) -> str | None:
        """Why the stage is paused, or None."""
        try:
            reason = self._path.read_text("utf-8") or "paused"
        except FileNotFoundError:
            self._forget_if_resumed()
            return None
        self._tripped = True
        return reason

    def _forget_if_resumed(self) -> None:
        if self._tripped and not self._path.exists():
            self._tripped = False
            self._ends.clear()
            self._bad = 0


def pause_file(home: Path, stage: str) -> Path:
    """Where the pause of ``stage`` is noted on this machine."""
    return home / "workers" / f"{stage}.paused"


def resume(home: Path, stage: str) -> bool:
    """Lets a paused stage go on. Returns whether it was paused."""
    with contextlib.suppress(FileNotFoundError):
        pause_file(home, stage).unlink()
        return True
    return False
