"""Two models judge the same posts in turns, so that their speeds can be compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pipeline.classify.judge import Judge
from pipeline.evaluation.judging import BATCH, Progress, verdicts_on
from schemas.verdict import Verdict


def judge_both(
    judges: tuple[Judge, Judge],
    texts: Sequence[str],
    progress: Progress,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[tuple[list[Verdict], list[Verdict]], tuple[float, float]]:
    """The verdicts of both, and the posts a second of each.

    They take turns at every batch, the first to begin changing, so that what else the machine does slows both alike. Each
    has judged the first batch once before the clock runs.
    """
    verdicts: tuple[list[Verdict], list[Verdict]] = ([], [])
    seconds = [0.0, 0.0]
    for judge in judges:
        verdicts_on(judge, texts[:BATCH])
    for number, start in enumerate(range(0, len(texts), BATCH)):
        batch = texts[start : start + BATCH]
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            began = clock()
            verdicts[place].extend(verdicts_on(judges[place], batch))
            seconds[place] += clock() - began
        progress(len(batch))
    first, second = (round(len(texts) / max(spent, 1e-9), 1) for spent in seconds)
    return verdicts, (first, second)
