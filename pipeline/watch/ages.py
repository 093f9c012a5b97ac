"""How long messages wait, without trusting a clock that is not ours. Pure.

A record's timestamp is its producer's word, and a producer's clock may be an hour off. But whoever looks at a partition
every few seconds knows when each offset came into being: between two looks. So the timestamp counts only within these
bounds, which are wide for what was there before the first look and narrow for everything after it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from pipeline.lag import Offsets

MOST_LOOKS: Final = 2000


class Bounds(Struct, frozen=True):
    """Seconds that a message has waited at least and at most."""

    least: float
    most: float

    def age(self, told: float | None) -> float:
        """``told`` is the age by its timestamp, where it could be read."""
        return self.least if told is None else min(max(told, self.least), self.most)


class _Look(Struct):
    """``end`` was the partition's next offset from ``first`` to ``last``, in seconds of one monotonic clock."""

    end: int
    first: float
    last: float


class EndHistory:
    """What the end of one partition was at each look."""

    def __init__(self) -> None:
        self._looks: list[_Look] = []

    def saw(self, end: int, at: float) -> None:
        if self._looks and end < self._looks[-1].end:
            self._looks.clear()  # the topic was made anew
        if self._looks and end == self._looks[-1].end:
            self._looks[-1].last = at
        else:
            self._looks.append(_Look(end, at, at))
        if len(self._looks) > MOST_LOOKS:
            del self._looks[1 : MOST_LOOKS // 2 : 2]  # widens bounds of what is old, and nothing else

    def done(self, offset: int) -> None:
        """Everything before ``offset`` is done: what is known of it is forgotten."""
        before = sum(look.end <= offset for look in self._looks)
        del self._looks[: max(before - 1, 0)]

    def bounds(self, offset: int, now: float) -> Bounds:
        """Of the message at ``offset``, which is there."""
        there = next((look.first for look in self._looks if look.end > offset), now)
        not_yet = max((look.last for look in self._looks if look.end <= offset), default=-math.inf)
        return Bounds(now - there, now - not_yet)


def first_undone(offsets: Offsets, committed: Mapping[int, int]) -> dict[int, int]:
    """Partition → the oldest message that a group has not done; partitions with nothing to do are left out."""
    first = {number: max(committed.get(number, 0), offsets.begin[number]) for number in offsets.end}
    return {number: offset for number, offset in first.items() if offset < offsets.end[number]}
