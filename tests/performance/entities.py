"""What it costs to find what a post names (`pipeline.entities`), which the index worker does for every item."""

from __future__ import annotations

import time

from pipeline.entities.entities import entities_of
from tests.performance.measure import Figure, Target
from tests.performance.rig import Rig
from tests.performance.sizes import Sizes
from tests.performance.workload import saturday

NAME = "entities"


def entities(_rig: Rig, sizes: Sizes) -> list[Figure]:
    """CPU microseconds a post over the demo's Saturday, the flagged and the chatter."""
    texts = [text for text, _ in saturday()]
    for text in texts:  # once uncounted: lists and numbering plans are read at first use
        entities_of(text)
    rounds = [_cost(texts) for _ in range(sizes.rounds)]
    return [
        Figure(
            benchmark=NAME,
            name="names found",
            unit="CPU µs/post",
            rounds=rounds,
            target=Target(150, "most"),
            note="the index worker's, beside its requests",
        )
    ]


def _cost(texts: list[str]) -> float:
    begin = time.process_time()
    for text in texts:
        entities_of(text)
    return 1e6 * (time.process_time() - begin) / len(texts)
