"""How often one link may be used. Only links that are signed right count, so nobody else can use up what is allowed."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

MOST: Final = 60
SECONDS: Final = 60.0
MOST_PAGES: Final = 10_000
"""Pages that are kept in mind; the one that was not used for longest is forgotten."""


class Often:
    """At most `MOST` requests with the link of one page within `SECONDS`."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._uses: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, page: str) -> bool:
        """Counts one request with the link of ``page``, unless there were too many."""
        uses = self._uses.setdefault(page, deque())
        self._uses.move_to_end(page)
        if len(self._uses) > MOST_PAGES:
            self._uses.popitem(last=False)
        now = self._monotonic()
        while uses and now - uses[0] >= SECONDS:
            uses.popleft()
        if len(uses) >= MOST:
            return False
        uses.append(now)
        return True
