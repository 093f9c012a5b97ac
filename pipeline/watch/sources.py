"""Which sources are normally busy, and which of them fell silent. Pure.

Time is cut into slots of ten minutes. Of each slot is known which share of its posts was read and how many came from each
source; at the start only samples are read, so that it costs the same whatever a force receives.

A source is *busy* when it posted in at least two hours' slots of the last day; its *gap* is the median over these slots of
the seconds from post to post. It is *silent* when it gave nothing for the set minutes and for 20 gaps. Time that was only
partly read counts partly: a source that is missing from a sample is not silent yet.

Nights are quiet. So what it did at the same time on earlier days has a say, as far as the topic goes back: a source is
expected only if on at least half of them it posted at the beginning and at the end of such a stretch of time; else every
evening's last post and every morning before the first one would look like a fault. A median of the whole day alone would
call out every night (posts come by day, every minute or so) or, measured wide enough to span nights, would notice a dead
feed ten hours late. On the first day there is nothing to compare with. A night comes gradually, though, and a
fault at once: so 20 times the longest gap of the hour before decides, which is long where people were going to bed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import median
from typing import Final

from msgspec import Struct, field

SLOT: Final = 600.0
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
LEAST_SLOTS: Final = 12
SILENT_GAPS: Final = 20
EARLIER_DAYS: Final = 6
"""One less than `[posts]` is kept for."""

MOST_SOURCES: Final = 1000


class _Slot(Struct):
    read: float = 0.0
    """Seconds of it whose posts were all read, or as many as the share that was read amounts to."""
    posts: Counter[str] = field(default_factory=Counter)


class Silence(Struct, frozen=True):
    """A busy source that gave nothing for ``seconds``; normally it gives a post every ``gap`` seconds."""

    source: str
    seconds: float
    gap: float
    allowed: float
    """Seconds of silence that mean nothing."""


class Sources:
    """What was read of `[posts]`. All times are seconds since 1970 by the brokers' clock."""

    def __init__(self) -> None:
        self._slots: dict[int, _Slot] = {}
        self._last: dict[str, float] = {}

    def saw(self, source: str, at: float) -> None:
        """A post was read that the brokers took in at ``at``."""
        if source not in self._last and len(self._last) >= MOST_SOURCES:
            return
        self._last[source] = max(self._last.get(source, at), at)
        self._slot(at).posts[source] += 1

    def read(self, begin: float, end: float, share: float = 1.0) -> None:
        """Of the posts between two moments ``share`` was read."""
        while begin < end:
            until = min(end, (begin // SLOT + 1) * SLOT)
            slot = self._slot(begin)
            slot.read = min(slot.read + share * (until - begin), SLOT)
            begin = until

    def forget(self, now: float) -> None:
        """Forgets what no question needs any more."""
        oldest = (now - (EARLIER_DAYS + 1) * DAY) // SLOT
        self._slots = {number: slot for number, slot in self._slots.items() if number >= oldest}
        self._last = {source: at for source, at in self._last.items() if now - at <= 2 * DAY}

    def knows(self, begin: float) -> bool:
        """Whether anything was read of the slot that begins at ``begin``."""
        return begin // SLOT in self._slots

    def gap(self, source: str, now: float) -> float | None:
        """Seconds from post to post while it posts; None for a source that is not busy."""
        day = range(int((now - DAY) // SLOT), int(now // SLOT) + 1)
        slots = [self._slots[number] for number in day if number in self._slots]
        gaps = [slot.read / slot.posts[source] for slot in slots if slot.posts[source]]
        return median(gaps) if len(gaps) >= LEAST_SLOTS else None

    def suspects(self, now: float, silent_seconds: float) -> Iterator[Silence]:
        """Busy sources that have been quiet for too long, whatever the time of day."""
        for source, last in self._last.items():
            gap = self.gap(source, now) if now - last >= silent_seconds else None
            if gap is None:
                continue
            allowed = max(silent_seconds, SILENT_GAPS * gap)
            if now - last >= allowed and self._read_since(last, now) >= SILENT_GAPS * gap:
                yield Silence(source, now - last, gap, allowed)

    def expected(self, silence: Silence, now: float) -> bool:
        """Whether it normally posts at this time: on at least half of the earlier days that are known, or, when none is, by
        how it posted in the hour before.
        """
        days = [
            [any(slot.posts[silence.source] for slot in slots) for slots in map(self._known, edges) if slots]
            for edges in earlier_days(now, silence.allowed)
        ]
        known = [all(posted) for posted in days if len(posted) == 2]
        if not known:
            return silence.seconds >= SILENT_GAPS * self._gap_before(
                self._last.get(silence.source, now), silence.source
            )
        return 2 * sum(known) >= len(known)

    def _gap_before(self, at: float, source: str) -> float:
        """The longest time from post to post in the hour up to ``at``, its last one; 0 where nothing is known of it."""
        hour = range(int((at - HOUR) // SLOT), int(at // SLOT) + 1)
        posted = [number for number in hour if number in self._slots and self._slots[number].posts[source]]
        pauses = [(later - one) * SLOT for one, later in pairwise(posted) if later > one + 1]
        within = [self._slots[number].read / self._slots[number].posts[source] for number in posted[:-1]]
        return max([*pauses, *within], default=0.0)

    def _known(self, begins: Iterable[float]) -> list[_Slot]:
        return [self._slots[int(begin // SLOT)] for begin in begins if self.knows(begin)]

    def _read_since(self, last: float, now: float) -> float:
        seconds = 0.0
        for number, slot in self._slots.items():
            begin, end = number * SLOT, min((number + 1) * SLOT, now)
            if end > max(begin, last):
                seconds += (end - max(begin, last)) * min(slot.read / (end - begin), 1.0)
        return seconds

    def _slot(self, at: float) -> _Slot:
        return self._slots.setdefault(int(at // SLOT), _Slot())


def earlier_days(now: float, seconds: float) -> list[tuple[list[float], list[float]]]:
    """For each earlier day the beginnings of the slots at both edges of its last ``seconds`` before this time of day.

    An edge is a third of it: the first and the last slot, of half an hour.
    """
    first, end = int((now - seconds) // SLOT), int(now // SLOT)  # the slot of now is not over
    edge = max((end - first) // 3, 1)
    edges = (range(first, first + edge), range(end - edge, end))
    return [
        ([number * SLOT - day * DAY for number in edges[0]], [number * SLOT - day * DAY for number in edges[1]])
        for day in range(1, EARLIER_DAYS + 1)
    ]


def source_of(key: bytes | None) -> str | None:
    """The source in a key of `[posts]`, ``source:id``; None where nobody wrote one."""
    name, colon, _ = (key or b"").partition(b":")
    return name.decode() if colon and 0 < len(name) <= 64 and name.isascii() and name.decode().isprintable() else None
