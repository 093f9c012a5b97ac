"""From what was found and what is true to figures: pure functions. Labels are places in `schemas.labels.LABELS`."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.evaluation.arrays import Bools, Floats, Integers
from schemas.labels import LABELS

_BINS: Final = 10


def macro_f1(found: Integers, truth: Integers) -> float:
    """Mean of the labels' F1; a label that is neither found nor there counts 0."""
    return float(np.mean([_f1(found == label, truth == label)[2] for label in range(len(LABELS))]))


def per_label(found: Integers, truth: Integers) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label."""
    figures: dict[str, dict[str, float]] = {}
    for label, name in enumerate(LABELS):
        precision, recall, f1 = (round(value, 4) for value in _f1(found == label, truth == label))
        figures[name] = {"precision": precision, "recall": recall, "f1": f1, "posts": int((truth == label).sum())}
    return figures


def confusion(found: Integers, truth: Integers) -> list[list[int]]:
    """Rows are the true labels, columns the found ones, in the order of `LABELS`."""
    return [
        [int(((truth == row) & (found == column)).sum()) for column in range(len(LABELS))] for row in range(len(LABELS))
    ]


def calibration_error(scores: Floats, truth: Integers, weights: Floats | None = None) -> float:
    """Expected calibration error of the top label over ten equal bins (Naeini et al. 2015), between 0 and 1.

    With ``weights`` each post counts as much as its weight says.
    """
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    counts = np.ones(len(truth)) if weights is None else weights
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights=counts * (confidence - right), minlength=_BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def kappa(found: Integers, truth: Integers) -> float:
    """Agreement beyond chance (Cohen 1960): 1 is perfect, 0 is chance; 0 too where one label is all there is."""
    joint = np.array(confusion(found, truth), dtype=float) / max(1, len(truth))
    expected = float(joint.sum(axis=0) @ joint.sum(axis=1))
    return (float(np.trace(joint)) - expected) / (1 - expected) if expected < 1 else 0.0


def share(part: Bools, whole: Bools) -> float | None:
    """How much of ``whole`` is in ``part`` too, to four places. None where there is nothing."""
    return round(float((part & whole).sum() / whole.sum()), 4) if whole.any() else None


def _f1(found: Bools, truth: Bools) -> tuple[float, float, float]:
    both = int((found & truth).sum())
    precision, recall = both / max(1, int(found.sum())), both / max(1, int(truth.sum()))
    return precision, recall, 2 * both / max(1, int(found.sum()) + int(truth.sum()))
