"""How the page stage writes: all that comes of one step, or nothing of it, and nothing once another has taken over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from pipeline.delivery import Outage
from pipeline.message import Outgoing

WRITER: Final = "flagpost-page"
"""Name (transactional id) of the one writer of `[alerts]`."""


class Fenced(Outage):
    """Another page worker writes `[alerts]` from now on. The process must end: what it knows is old."""


class Writer(Protocol):
    """The one writer of `[alerts]`. A new one that starts ends what an older one was about to write, and fences it
    out.
    """

    async def write(self, records: Sequence[Outgoing]) -> None:
        """Returns when every in-sync replica has all of ``records``, in one transaction.

        Raises `Fenced`; `pipeline.message.NotAcknowledged` when it is not known whether they were written, within
        seconds: this writer is of no use then, and the next one's `[alerts]` tells; `pipeline.message.RecordTooLarge`
        before anything is written.
        """
        ...

    async def stop(self) -> None: ...
