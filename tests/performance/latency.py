"""How long a post takes until it is flagged, and until a search finds it, at half of what the pipeline can do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.performance.measure import Figure, Target
from tests.performance.open_loop import follow
from tests.performance.pipeline import run
from tests.performance.rig import Rig, said
from tests.performance.sizes import Sizes
from tests.performance.workload import draw

NAME = "latency"
LOAD = 0.5
PARTS = 4
"""Parts of the time whose percentiles show the spread."""

_TARGETS = {("searchable", 99): Target(3.0, "most"), ("flagged", 99): Target(0.6, "most")}


def capacity(rig: Rig, sizes: Sizes) -> float:
    """Posts a second that the pipeline does now, on a backlog."""
    rate = run(rig, draw(sizes.capacity, seed=70)).rate
    said(f"the pipeline can do {rate:.0f} posts/s")
    return rate


def latency(rig: Rig, sizes: Sizes) -> list[Figure]:
    """p50, p95 and p99 from the moment at which a post was due."""
    rate = LOAD * capacity(rig, sizes)
    due = np.arange(0, sizes.steady_seconds, 1 / rate)
    followed = follow(rig, draw(len(due), seed=71), due, draw(sizes.warm_up, seed=72))
    figures = [
        Figure(benchmark=NAME, name="latency_load", unit="posts/s", rounds=[rate], note="half of capacity"),
        Figure(
            benchmark=NAME, name="sender_late", unit="s", rounds=[followed.late], note="worst; part of the latencies"
        ),
    ]
    for what, seconds in (("flagged", followed.flagged), ("searchable", followed.searchable)):
        for percent in (50, 95, 99):
            figures.append(
                Figure(
                    benchmark=NAME,
                    name=f"{what}_p{percent}",
                    unit="s",
                    rounds=by_part(seconds, percent),
                    target=_TARGETS.get((what, percent)),
                    note=f"over all {len(seconds)}: {np.percentile(seconds, percent):.3f}; rounds are quarters of the time",
                )
            )
    return figures


def by_part(seconds: NDArray[np.float64], percent: int) -> list[float]:
    """The percentile of each of `PARTS` equal parts of ``seconds``, which are in the order of time."""
    return [float(np.percentile(part, percent)) for part in np.array_split(seconds, PARTS) if len(part)]
