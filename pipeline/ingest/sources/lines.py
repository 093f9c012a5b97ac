"""Splits a byte stream into lines, in bounded memory, and keeps count of bytes and lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.ingest.publish import MAX_DEAD_LETTER
from pipeline.ingest.sources import Position

BLOCK = 256 * 1024

Read = Callable[[int], bytes]
"""Gives at most so many bytes; none at the end of the stream."""


@dataclass(frozen=True, slots=True)
class Line:
    """``raw`` is verbatim without its ``\\n``, or None when it is longer than a dead letter can hold; ``size`` counts it."""

    number: int
    after: Position
    raw: bytes | None
    size: int


def split_lines(read: Read, start: Position, longest: int = MAX_DEAD_LETTER) -> Iterator[Line]:
    """The lines that ``read`` gives; its first byte stands at ``start``. Holds at most ``longest`` and a block in memory."""
    number, offset = start.line, start.offset
    kept: list[bytes] = []
    size = 0
    while block := read(BLOCK):
        *whole, rest = block.split(b"\n")
        for piece in whole:
            size += len(piece)
            offset += size + 1
            raw = None if size > longest else b"".join([*kept, piece]) if kept else piece
            yield Line(number, Position(offset, number + 1), raw, size)
            number, size = number + 1, 0
            kept.clear()
        if rest:
            size += len(rest)
            if size > longest:
                kept.clear()
            else:
                kept.append(rest)
    if size:
        raw = None if size > longest else b"".join(kept)
        yield Line(number, Position(offset + size, number + 1), raw, size)
