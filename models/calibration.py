"""From logits to probabilities. Serving, calibration and evaluation share these lines, so that they mean the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def probabilities(logits: NDArray[np.floating], temperature: float) -> Floats:
    """Softmax over the last axis of ``logits / temperature`` (temperature scaling; Guo et al. 2017). Rows add up to 1.

    Raises ValueError when a logit is not a finite number.
    """
    scaled = logits.astype(np.float64) / temperature
    if not np.isfinite(scaled).all():
        raise ValueError("the model yielded a score that is not a number")
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
