"""Posts a second against the number of partitions and of classify workers, turn about."""

from __future__ import annotations

import os
from collections import defaultdict

from tests.performance.measure import Figure
from tests.performance.pipeline import run
from tests.performance.rig import Rig, said
from tests.performance.sizes import Sizes
from tests.performance.workload import draw

NAME = "scaling"
SHAPES = ((1, 1), (6, 1), (6, 2))
"""Partitions and classify workers. A second worker has nothing to do where there is one partition."""


def scaling(rig: Rig, sizes: Sizes) -> list[Figure]:
    """Two workers share the cores: each has half of them for its threads."""
    cores = os.cpu_count() or 1
    rates: dict[tuple[int, int], list[float]] = defaultdict(list)
    seconds: dict[tuple[int, int], list[float]] = defaultdict(list)
    for number in range(sizes.rounds):
        posts = draw(sizes.scaling, seed=40 + number)
        for partitions, workers in SHAPES:
            done = run(rig, posts, partitions, workers, threads=0 if workers == 1 else max(1, cores // workers))
            said(f"{partitions} partitions, {workers} classify workers: {done.rate:.0f} posts/s")
            rates[partitions, workers].append(done.rate)
            seconds[partitions, workers].append(done.timeline.end - done.timeline.begin)
    return [
        Figure(benchmark=NAME, name=f"{what}_{partitions}_partitions_{workers}_workers", unit=unit, rounds=values)
        for what, unit, by_shape in (("rate", "posts/s", rates), ("time", "s", seconds))
        for (partitions, workers), values in by_shape.items()
    ]
