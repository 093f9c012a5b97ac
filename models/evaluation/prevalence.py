"""Figures on a real stream, where most posts are chatter, from posts among which fewer or more are."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.costs import COSTS
from models.evaluation.arrays import Floats, Integers
from schemas.labels import LABELS

CHATTER_IN_LIFE: Final = COSTS.chatter_in_life
"""Share of a real stream that is chatter; the corpus has less, so chatter is weighted up to it."""


def weights_of_life(truth: Integers) -> Floats:
    """A weight for each post, 1 in the mean, that gives chatter its share of a real stream."""
    chatter = truth == LABELS.index("chatter")
    share = max(float(chatter.mean()), 1e-9)
    return np.where(chatter, CHATTER_IN_LIFE / share, (1 - CHATTER_IN_LIFE) / max(1 - share, 1e-9))
