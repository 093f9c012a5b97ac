"""A figure and how sure it is."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from scipy.stats import binomtest

from models.evaluation.arrays import Floats


class Estimate(Struct, frozen=True):
    """A figure with its 95 % interval.

    ``value`` is None where there is nothing to count; the bounds are None, too, where nothing is known of them.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def of_draws(value: float, draws: Floats) -> Estimate:
    """``value`` with the 2.5th and 97.5th percentile of its resamples; NaN among either is nothing to count.

    Where every draw gives the same, say since a model was never wrong, a bootstrap knows nothing, and the bounds are None.
    """
    counted = draws[~np.isnan(draws)]
    if np.isnan(value) or not len(counted):
        return Estimate(None)
    if counted.min() == counted.max():
        return Estimate(round(float(value), 4))
    low, high = np.percentile(counted, [2.5, 97.5])
    return Estimate(round(float(value), 4), round(float(low), 4), round(float(high), 4))


def of_share_with_draws(part: int, whole: int, draws: Floats) -> Estimate:
    """``part`` of ``whole`` with the interval of its resamples, or the Wilson interval where these know nothing."""
    drawn = of_draws(part / whole if whole else float("nan"), draws)
    return drawn if drawn.value is None or drawn.low is not None else of_share(part, whole)


def of_share(part: int, whole: int) -> Estimate:
    """``part`` of ``whole`` with the Wilson score interval (Wilson 1927), which holds for few and for rare ones too."""
    if not whole:
        return Estimate(None)
    bounds = binomtest(part, whole).proportion_ci(method="wilson")
    return Estimate(round(part / whole, 4), round(float(bounds.low), 4), round(float(bounds.high), 4))
