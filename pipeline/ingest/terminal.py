"""What `flagpost ingest` shows on stderr while it runs: a progress bar on a terminal, and the lines that can't be used."""

from __future__ import annotations

from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pipeline.ingest.report import Counts
from pipeline.ingest.sources import Position
from pipeline.ingest.summary import counted
from schemas.codec import InvalidMessage

MAX_FAULTS: Final = 20
"""Dead letters that are shown one by one; the rest is only counted. What is kept nowhere is always shown."""


class TerminalReport:
    """A `Report` on stderr. A context, within which the bar is shown."""

    def __init__(self, total: int | None, console: Console | None = None) -> None:
        """``total`` is the number of bytes to read, where that is known."""
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._faults = 0
        self._done_before = 0
        self._progress: Progress | None = None
        self._task = TaskID(0)
        if self._console.is_terminal:
            self._progress = Progress(
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %" if total else ""),
                TextColumn("{task.fields[told]}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=total, told="")

    def __enter__(self) -> TerminalReport:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()
        if self._faults > MAX_FAULTS:
            self.say(f"… and {counted(self._faults - MAX_FAULTS, 'more bad line')}.")

    def fault(self, name: str, line: int, fault: InvalidMessage, kept: bool) -> None:
        if not kept:
            self.say(f"{name}:{line}: {fault}. REFUSED: it is kept nowhere but in the input.")
            return
        self._faults += 1
        if self._faults <= MAX_FAULTS:
            self.say(f"{name}:{line}: {fault}")

    def resumed(self, name: str, after_line: int) -> None:
        self.say(f"{name}: resuming after line {after_line:,}; --from-start starts over.")

    def progressed(self, position: Position, counts: Counts) -> None:
        if self._progress:
            told = f"{counts.sent:,} posts" + (f", {counts.bad + counts.refused:,} bad lines" if counts.bad else "")
            self._progress.update(self._task, completed=self._done_before + position.offset, told=told)

    def file_done(self, position: Position) -> None:
        """The next file's positions count from its own start."""
        self._done_before += position.offset

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)
