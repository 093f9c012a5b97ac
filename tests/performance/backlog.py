"""A long backlog: does its last third go as fast as its first, and does memory stay flat?"""

from __future__ import annotations

import statistics

from tests.performance.measure import Figure, Target
from tests.performance.pipeline import Run, run
from tests.performance.rig import Rig
from tests.performance.sizes import Sizes
from tests.performance.timeline import WARM
from tests.performance.workload import draw

NAME = "backlog"
FLAT = Target(1.1, "most")


def backlog(rig: Rig, sizes: Sizes) -> list[Figure]:
    """One run; its thirds are those of its posts. The first tenth, in which the worker warms up, belongs to neither."""
    done = run(rig, draw(sizes.long_backlog, seed=30))
    steady = done.timeline.rate_between(2 / 3, 1) / done.timeline.rate_between(WARM, 1 / 3)
    return [
        Figure(
            benchmark=NAME,
            name="backlog_steady",
            unit="×",
            rounds=[steady],
            target=Target(0.9),
            note=f"{sizes.long_backlog:,} posts: rate of the last third ÷ of the first",
        ),
        *_memory(done),
    ]


def _memory(done: Run) -> list[Figure]:
    line = done.timeline
    first = done.watch.within(line.at(WARM)[0], line.at(1 / 3)[0])
    last = done.watch.within(line.at(2 / 3)[0], line.steps[-1][0])
    figures = []
    for name in ("classify", "index", "kafka", "elasticsearch"):
        early, late = (statistics.median(look.memory[name] for look in looks) for looks in (first, last))
        figures += [
            Figure(
                benchmark=NAME,
                name=f"memory_growth_of_{name}",
                unit="×",
                rounds=[late / early],
                target=FLAT if name in ("classify", "index") else None,
                note="median resident memory in the last third ÷ in the first",
            ),
            Figure(
                benchmark=NAME,
                name=f"memory_of_{name}",
                unit="MiB",
                rounds=[max(look.memory[name] for look in done.watch.looks if name in look.memory)],
                note="largest resident",
            ),
        ]
    return figures
