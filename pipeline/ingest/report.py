"""What a run counts, and who tells the user of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipeline.ingest.sources import Position
from schemas.codec import InvalidMessage


@dataclass(slots=True)
class Counts:
    """Entries by their end: acknowledged as posts, acknowledged as dead letters, kept nowhere."""

    sent: int = 0
    bad: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.bad + self.refused


class Report(Protocol):
    """Who tells the user."""

    def fault(self, name: str, line: int, fault: InvalidMessage, kept: bool) -> None:
        """A line can't be used. ``kept``: it goes to the dead letters; else it is nowhere but in the file."""
        ...

    def resumed(self, name: str, after_line: int) -> None:
        """There is something new behind the line up to which everything was sent before."""
        ...

    def progressed(self, position: Position, counts: Counts) -> None:
        """So far everything is acknowledged. Called about once a second."""
        ...
