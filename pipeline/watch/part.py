"""One question that the watch asks at every look."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from msgspec import Struct

from pipeline.alert.rules import SystemRules
from pipeline.watch.condition import Condition


class At(Struct, frozen=True):
    """The moment of a look: by the brokers' clock, and in seconds of our monotonic one."""

    now: dt.datetime
    seconds: float


class Part(Protocol):
    """Blocks while it asks; one thread uses it."""

    def ask(self, at: At, limits: SystemRules) -> None:
        """Looks at Kafka, for seconds at most. Raises `FlagpostError`; what it knew it still knows then."""
        ...

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        """What is wrong by what it knows."""
        ...
