"""Figures of confusion matrices, of many at once: arrays (…, true label, found label) in the order of `LABELS`.

A figure that has nothing to count is NaN. What holds of one matrix holds of its resamples, so that intervals cost little.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.evaluation.arrays import Floats, Integers
from models.evaluation.prevalence import CHATTER_IN_LIFE
from schemas.labels import LABELS

_LABELS: Final = len(LABELS)
_CHATTER: Final = LABELS.index("chatter")


class Counted(NamedTuple):
    """How many of how many."""

    part: Integers
    whole: Integers

    @property
    def share(self) -> Floats:
        return ratio(self.part, self.whole)

    def of(self, label: int) -> Counted:
        """Of one label, where each has its count."""
        return Counted(self.part[..., label], self.whole[..., label])


def cells(truth: Integers, found: Integers) -> Integers:
    """For each post the place of its cell in a flattened matrix."""
    return truth * _LABELS + found


def matrices(counts: Integers) -> Integers:
    """Flattened matrices (…, 16) in their square form (…, 4, 4)."""
    return counts.reshape(*counts.shape[:-1], _LABELS, _LABELS)


def of(truth: Integers, found: Integers) -> Integers:
    """The one matrix of these posts."""
    return matrices(np.bincount(cells(truth, found), minlength=_LABELS * _LABELS))


def precision(matrix: Integers) -> Counted:
    """Of each label: how much of what was found is right."""
    return Counted(_right(matrix), matrix.sum(axis=-2))


def recall(matrix: Integers) -> Counted:
    """Of each label: how much of what is there was found."""
    return Counted(_right(matrix), matrix.sum(axis=-1))


def f1(matrix: Integers) -> Floats:
    """Of each label: the harmonic mean of precision and recall; NaN for one that is neither there nor found."""
    return ratio(2 * _right(matrix), matrix.sum(axis=-2) + matrix.sum(axis=-1))


def macro_f1(matrix: Integers, counted: NDArray[np.bool_]) -> Floats:
    """Mean F1 of the labels in ``counted`` (4,); one of them that is neither there nor found counts 0."""
    return np.asarray(np.nan_to_num(f1(matrix))[..., counted].mean(axis=-1))


def accuracy(matrix: Integers) -> Counted:
    """Share of posts whose label was found."""
    return Counted(_right(matrix).sum(axis=-1), matrix.sum(axis=(-2, -1)))


def kappa(matrix: Integers) -> Floats:
    """Agreement beyond chance (Cohen 1960); NaN where only one label is there and found."""
    joint = ratio(matrix, matrix.sum(axis=(-2, -1), keepdims=True))
    agreed = np.trace(joint, axis1=-2, axis2=-1)
    expected = (joint.sum(axis=-2) * joint.sum(axis=-1)).sum(axis=-1)
    certain = expected > 1 - 1e-12
    return np.where(certain, np.nan, (agreed - expected) / np.where(certain, 1, 1 - expected))


def flagged_recall(matrix: Integers) -> Counted:
    """Share of the posts that should be flagged which are flagged, with whichever label."""
    there = np.delete(matrix, _CHATTER, axis=-2)
    return Counted(np.delete(there, _CHATTER, axis=-1).sum(axis=(-2, -1)), there.sum(axis=(-2, -1)))


def chatter_flagged(matrix: Integers) -> Counted:
    """Share of chatter that is flagged."""
    row = matrix[..., _CHATTER, :]
    return Counted(np.delete(row, _CHATTER, axis=-1).sum(axis=-1), row.sum(axis=-1))


def precision_in_life(matrix: Integers) -> Floats:
    """Share of flagged posts that should be, where `CHATTER_IN_LIFE` of the posts are chatter."""
    hits = (1 - CHATTER_IN_LIFE) * flagged_recall(matrix).share
    return ratio(hits, hits + CHATTER_IN_LIFE * chatter_flagged(matrix).share)


def _right(matrix: Integers) -> Integers:
    return np.asarray(np.diagonal(matrix, axis1=-2, axis2=-1))


def ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Floats:
    """``part / whole``; NaN where ``whole`` is 0."""
    parts, wholes = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    result = np.full(np.broadcast_shapes(parts.shape, wholes.shape), np.nan)
    return np.asarray(np.divide(parts, wholes, out=result, where=wholes > 0))
