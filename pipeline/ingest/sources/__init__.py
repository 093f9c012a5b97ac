"""Where posts come from. One file a source; each yields `Entry` after `Entry`, the good and the bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.codec import InvalidMessage


@dataclass(frozen=True, slots=True)
class Position:
    """How far a stream is read: ``offset`` bytes (of the unpacked stream), which end before line ``line`` (from 1)."""

    offset: int = 0
    line: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One post's place in a source, and what stands there.

    ``raw`` is verbatim, without the line's end. It is None when the line is longer than a dead letter can hold; then
    ``fields`` is always the fault.
    """

    line: int
    after: Position
    raw: bytes | None
    fields: dict[str, Any] | InvalidMessage


class Source(Protocol):
    """A stream of posts that can be read on from a position."""

    name: str
    """As the user calls it, for messages and for the origin of dead letters."""
    waits: bool
    """Whether the next entry may be long in coming."""

    def entries(self, start: Position) -> Iterator[Entry]:
        """What stands after ``start``, in order; blank lines are skipped. Memory is bounded whatever the input holds.

        Ends at the end of the input, or soon after the source was asked to stop. Raises `InvalidInput` when the source
        as a whole can't be used.
        """
        ...

    def fingerprint(self, offset: int) -> str | None:
        """Tells this stream, up to ``offset``, from any other; None when it can't be read a second time."""
        ...

    def another(self) -> bool:
        """After the end of `entries`: whether another stream has taken this one's place, to be read from its start."""
        ...


class Watch(Protocol):
    """What a source that waits for input looks after meanwhile, several times a second."""

    def stopped(self) -> bool:
        """Whether the source is to end."""
        ...

    def idle(self) -> None:
        """There is nothing to read right now."""
        ...
