"""Precision-recall curves and the reliability of probabilities, thinned for drawing."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from sklearn.metrics import average_precision_score, precision_recall_curve

from models.evaluation.arrays import Bools, Floats, Integers
from models.evaluation.estimate import Estimate, of_share
from models.evaluation.figures import BINS

MOST_POINTS: Final = 200
"""Of a curve: more can't be seen."""


class Curve(Struct, frozen=True):
    """Precision at each recall, recall rising, and the area under it (average precision)."""

    recall: list[float]
    precision: list[float]
    average_precision: float


class Bin(Struct, frozen=True):
    """The posts whose highest probability is in one tenth: what it was in the mean, and how many were right."""

    low: float
    high: float
    posts: int
    confidence: float
    right: Estimate


def precision_recall(scores: Floats, there: Bools) -> Curve | None:
    """Of one label: ``scores`` (posts,) and whether each post has the label. None where all or none have it."""
    if there.all() or not there.any():
        return None
    precision, recall, _ = precision_recall_curve(there, scores)
    places = np.unique(np.linspace(0, len(recall) - 1, MOST_POINTS).astype(int))[::-1]
    return Curve(
        [round(float(recall[place]), 4) for place in places],
        [round(float(precision[place]), 4) for place in places],
        round(float(average_precision_score(there, scores)), 4),
    )


def reliability(scores: Floats, truth: Integers) -> list[Bin]:
    """The bins that hold posts, lowest first; they are those of `models.evaluation.figures.calibration_error`."""
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        Bin(
            place / BINS,
            (place + 1) / BINS,
            int((places == place).sum()),
            round(float(confidence[places == place].mean()), 4),
            of_share(int(right[places == place].sum()), int((places == place).sum())),
        )
        for place in range(BINS)
        if (places == place).any()
    ]
