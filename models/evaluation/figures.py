"""From what was found and what is true to figures: pure functions. Labels are places in `schemas.labels.LABELS`."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.evaluation import matrix
from models.evaluation.arrays import Bools, Floats, Integers
from schemas.labels import LABELS

BINS: Final = 10
ALL: Final = np.ones(len(LABELS), dtype=np.bool_)
"""Every label counts, be it there or not."""


def macro_f1(found: Integers, truth: Integers) -> float:
    """Mean of the labels' F1; a label that is neither found nor there counts 0."""
    return float(matrix.macro_f1(matrix.of(truth, found), ALL))


def per_label(found: Integers, truth: Integers) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label; 0 where there is nothing to count."""
    counts = matrix.of(truth, found)
    parts = (matrix.precision(counts).share, matrix.recall(counts).share, matrix.f1(counts))
    precision, recall, f1 = (np.nan_to_num(part).round(4).tolist() for part in parts)
    posts = counts.sum(axis=1).tolist()
    return {
        name: {"precision": precision[label], "recall": recall[label], "f1": f1[label], "posts": posts[label]}
        for label, name in enumerate(LABELS)
    }


def confusion(found: Integers, truth: Integers) -> list[list[int]]:
    """Rows are the true labels, columns the found ones, in the order of `LABELS`."""
    counts: list[list[int]] = matrix.of(truth, found).tolist()
    return counts


def calibration_error(scores: Floats, truth: Integers, weights: Floats | None = None) -> float:
    """Expected calibration error of the top label over ten equal bins (Naeini et al. 2015), between 0 and 1.

    With ``weights`` each post counts as much as its weight says.
    """
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    counts = np.ones(len(truth)) if weights is None else weights
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=counts * (confidence - right), minlength=BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def kappa(found: Integers, truth: Integers) -> float:
    """Agreement beyond chance (Cohen 1960): 1 is perfect, 0 is chance; 0 too where one label is all there is."""
    return float(np.nan_to_num(matrix.kappa(matrix.of(truth, found))))


def share(part: Bools, whole: Bools) -> float | None:
    """How much of ``whole`` is in ``part`` too, to four places. None where there is nothing."""
    return round(float((part & whole).sum() / whole.sum()), 4) if whole.any() else None
