"""Whether the clock of this machine can be believed by which something is deleted for its age. Pure."""

from __future__ import annotations

import datetime as dt

from pipeline.errors import StageHalted
from pipeline.moments import span
from pipeline.retention.tombstones import SLACK


def require_not_ahead(now: dt.datetime, of_kafka: dt.datetime | None) -> None:
    """Raises `StageHalted` where ``now`` is further ahead of Kafka's clock than clocks differ: what is not over yet would
    go, and holds end before their time. ``of_kafka`` is when a line was taken in just now; None where there was none.

    A clock that is behind keeps everything for longer, and is none of our business.
    """
    if of_kafka is not None and now - of_kafka > SLACK:
        ahead = span((now - of_kafka).total_seconds())
        raise StageHalted(
            f"The clock of this machine is {ahead} ahead of Kafka's: nothing is deleted by it.",
            "Set the clock that is wrong, then run it again.",
        )
