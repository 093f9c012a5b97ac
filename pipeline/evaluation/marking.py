"""A text parted into what was a reason and what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.verdict import Reason


def parts(text: str, reasons: Sequence[Reason]) -> Iterator[tuple[str, bool]]:
    """Pieces of ``text`` that together are all of it, each with whether it is a reason. None is empty."""
    done = 0
    for reason in sorted(reasons, key=lambda one: one.start):
        start, end = max(reason.start, done), min(reason.end, len(text))
        if start >= end:
            continue
        if start > done:
            yield text[done:start], False
        yield text[start:end], True
        done = end
    if done < len(text):
        yield text[done:], False
