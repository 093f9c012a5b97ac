"""How far a figure would move on other posts of the same kind: bootstrap intervals."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.evaluation.arrays import Integers

RESAMPLES: Final = 1_000


def resampled(groups: Integers, cells: Integers, width: int, seed: int = 0) -> Integers:
    """How often each cell is counted in `RESAMPLES` draws of whole groups with replacement: (resamples, ``width``).

    ``cells`` and ``groups`` have an entry for each post: which cell it is counted in, and whom it is drawn with. A draw of
    groups is a multinomial draw of their distinct rows of counts, so no post is ever copied.
    """
    _, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((int(group.max()) + 1, width), dtype=np.int64)
    np.add.at(counts, (group, cells), 1)
    rows, times = np.unique(counts, axis=0, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(counts), times / len(counts), size=RESAMPLES)
    return np.asarray(draws @ rows, dtype=np.int64)
