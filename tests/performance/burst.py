"""Ten times what the pipeline can do, for some seconds, and how long until everything is as before."""

from __future__ import annotations

import numpy as np

from tests.performance.latency import LOAD, capacity
from tests.performance.measure import Figure
from tests.performance.open_loop import Followed, follow
from tests.performance.rig import Rig
from tests.performance.sizes import Sizes
from tests.performance.workload import draw

NAME = "burst"
TIMES = 10
WINDOW = 1.0
"""Seconds."""
IN_A_ROW = 10
"""Latency is normal again from the first window on of so many in a row whose medians are at most the p99 of before."""


def burst(rig: Rig, sizes: Sizes) -> list[Figure]:
    """Half load, a burst, half load again."""
    rate = capacity(rig, sizes)
    begin, length = sizes.before_burst_seconds, sizes.burst_seconds
    end = begin + length + sizes.after_burst_seconds
    due = np.concatenate(
        [
            np.arange(0, begin, 1 / (LOAD * rate)),
            np.arange(begin, begin + length, 1 / (TIMES * rate)),
            np.arange(begin + length, end, 1 / (LOAD * rate)),
        ]
    )
    followed = follow(rig, draw(len(due), seed=73), due, draw(sizes.warm_up, seed=74))
    least = (TIMES - 1) * length / (1 - LOAD)  # what was too much, done with what half load leaves
    seconds = recovery(followed, begin, begin + length)
    return [
        Figure(benchmark=NAME, name="burst_posts", unit="posts", rounds=[TIMES * rate * length]),
        Figure(benchmark=NAME, name="burst_worst_flagged", unit="s", rounds=[float(followed.flagged.max())]),
        Figure(
            benchmark=NAME,
            name="burst_recovery",
            unit="s",
            rounds=[seconds],
            note=f"from the burst's end until latency is normal; what capacity alone allows is {least:.1f} s",
        ),
        Figure(
            benchmark=NAME, name="sender_late", unit="s", rounds=[followed.late], note="worst; part of the latencies"
        ),
    ]


def recovery(followed: Followed, begin: float, end: float) -> float:
    """Seconds from the burst's ``end``; infinite where latency was not normal again."""
    normal = np.percentile(followed.flagged[followed.due < begin], 99)
    row = 0
    for window in np.arange(end, followed.due.max(), WINDOW):
        inside = followed.flagged[(followed.due >= window) & (followed.due < window + WINDOW)]
        row = row + 1 if len(inside) and np.median(inside) <= normal else 0
        if row == IN_A_ROW:
            return float(window - (IN_A_ROW - 1) * WINDOW - end)
    return float("inf")
