"""Lines of a file that could not be used: each reason is told once, with the number of lines and the first of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

MOST_NAMED: Final = 5
"""Lines that can't be used for one reason are named up to so many; all are counted."""


@dataclass
class BadLines:
    """What is remembered of them: as much for a million lines as for ten."""

    _counts: Counter[str] = field(default_factory=Counter)
    _first: dict[str, list[int]] = field(default_factory=dict)

    def note(self, number: int, reason: str) -> None:
        """``reason`` completes "could not be used: …" and never quotes the line."""
        self._counts[reason] += 1
        first = self._first.setdefault(reason, [])
        if len(first) < MOST_NAMED:
            first.append(number)

    def __bool__(self) -> bool:
        return bool(self._counts)

    def sentences(self) -> list[str]:
        """One for each reason, in the order in which they were met."""
        return [self._sentence(reason, count) for reason, count in self._counts.items()]

    def _sentence(self, reason: str, count: int) -> str:
        which = ", ".join(map(str, self._first[reason])) + (" …" if count > MOST_NAMED else "")
        if count == 1:
            return f"1 line could not be used: {reason} (line {which})."
        return f"{count:,} lines could not be used: {reason} (lines {which})."
