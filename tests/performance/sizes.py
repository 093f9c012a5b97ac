"""How much a run measures: enough to mean something, or as little as shows that it works."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Sizes(Struct, frozen=True, kw_only=True):
    """Posts, seconds and rounds."""

    rounds: int = 3
    warm_up: int = 2_000
    backlog: int = 20_000
    naive: int = 1_500
    long_backlog: int = 60_000
    capacity: int = 6_000
    steady_seconds: float = 120.0
    before_burst_seconds: float = 30.0
    burst_seconds: float = 3.0
    after_burst_seconds: float = 90.0
    ingest: int = 50_000
    index: int = 20_000
    scaling: int = 6_000
    profile: int = 4_096

    def of_rounds(self, rounds: int) -> Sizes:
        return replace(self, rounds=rounds)


FULL = Sizes()
QUICK = Sizes(
    rounds=2,
    warm_up=128,
    backlog=600,
    naive=40,
    long_backlog=900,
    capacity=800,
    steady_seconds=10.0,
    before_burst_seconds=4.0,
    burst_seconds=0.3,
    after_burst_seconds=10.0,
    ingest=2_000,
    index=1_500,
    scaling=800,
    profile=512,
)
