"""A stage pauses when most of what it gets is bad: a broken producer must not empty its topic into the dead letters."""

from __future__ import annotations

import contextlib
from collections import deque
from pathlib import Path
from typing import Final

WINDOW: Final = 500
LEAST: Final = 50
BAD_SHARE: Final = 0.5


class PoisonGuard:
    """Counts the last `WINDOW` ends; once more than half of at least `LEAST` are bad, the stage is paused.

    The pause is a file, so that it outlives a restart; `flagpost worker resume STAGE` removes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bad: deque[bool] = deque(maxlen=WINDOW)

    def record(self, bad: bool) -> None:
        """Counts one message's end."""
        self._bad.append(bad)
        if len(self._bad) >= LEAST and sum(self._bad) > BAD_SHARE * len(self._bad) and not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(f"{sum(self._bad)} of the last {len(self._bad)} messages could not be used", "utf-8")

    @property
    def paused(self) -> str | None:
        """Why the stage is paused, or None. The counts begin anew when it goes on."""
        try:
            return self._path.read_text("utf-8") or "paused"
        except FileNotFoundError:
            return None

    def forget(self) -> None:
        """Begins counting anew, when an operator has said that the stage goes on."""
        self._bad.clear()


def pause_file(home: Path, stage: str) -> Path:
    """Where the pause of ``stage`` is noted on this machine."""
    return home / "workers" / f"{stage}.paused"


def resume(home: Path, stage: str) -> bool:
    """Lets a paused stage go on. Returns whether it was paused."""
    with contextlib.suppress(FileNotFoundError):
        pause_file(home, stage).unlink()
        return True
    return False
