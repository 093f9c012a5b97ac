"""From logits to probabilities. Serving, calibration and evaluation share these lines, so that they mean the same."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Temperature = Annotated[float, Meta(gt=0, le=100)]


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """How a model's logits become probabilities on a real stream, where most posts are chatter.

    Logits are divided by their temperature (Guo et al. 2017); those of the labels and grades are then moved by a constant
    each, since the posts of training and those of life differ in their shares (Saerens et al. 2002 for the move by the
    logarithm of the shares' ratio; here it is fitted).
    """

    labels: Temperature
    grades: Temperature
    holds: Temperature
    labels_moved: Annotated[list[float], Meta(min_length=4, max_length=4)]
    grades_moved: Annotated[list[float], Meta(min_length=3, max_length=3)]

    def of_labels(self, logits: NDArray[np.floating[Any]]) -> Floats:
        """(…, 4) probabilities of the labels. Raises ValueError when a logit is not a finite number."""
        return probabilities(logits, self.labels, self.labels_moved)

    def of_grades(self, logits: NDArray[np.floating[Any]]) -> Floats:
        """(…, 3) probabilities of the grades. Raises ValueError when a logit is not a finite number."""
        return probabilities(logits, self.grades, self.grades_moved)

    def of_holds(self, logits: NDArray[np.floating[Any]]) -> Floats:
        """(…, 3) independent probabilities that the post holds something of each flagged label. Raises ValueError."""
        scaled = _finite(logits.astype(np.float64) / self.holds)
        return np.asarray(1 / (1 + np.exp(-scaled)))


UNCALIBRATED = Calibration(1.0, 1.0, 1.0, [0.0] * 4, [0.0] * 3)


def probabilities(
    logits: NDArray[np.floating[Any]], temperature: float, moved: list[float] | NDArray[np.float64] | float = 0.0
) -> Floats:
    """Softmax over the last axis of ``logits / temperature + moved``. Rows add up to 1.

    Raises ValueError when a logit is not a finite number.
    """
    scaled = _finite(logits.astype(np.float64) / temperature + np.asarray(moved))
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _finite(scaled: Floats) -> Floats:
    if not np.isfinite(scaled).all():
        raise ValueError("the model yielded a score that is not a number")
    return scaled
