"""Calibration and thresholds, chosen on the dev themes with the graph that is served, for a stream as it is in life.

The dev posts are weighted so that chatter has its share of a real stream; what mistakes cost is in models/costs.toml.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.calibration import Calibration, probabilities
from models.classifier import Thresholds
from models.costs import COSTS, Costs
from models.evaluation.arrays import Bools, Floats, Integers
from models.evaluation.prevalence import weights_of_life
from models.evaluation.routing import Routed, Scored, route
from schemas.labels import FLAGGED, GRADES, LABELS

_STEPS: Final = np.arange(0.02, 0.81, 0.01)
_MOST_DOUBT: Final = 0.6
"""A verdict whose label is more probable than this is not called unsure, however few others are."""
_PULL: Final = 1e-3
"""Of the constants towards 0, so that what the posts don't tell stays at rest."""


def fit(dev: Scored, costs: Costs = COSTS) -> tuple[Calibration, Thresholds]:
    """The calibration by likelihood, then the thresholds that cost least on ``dev``."""
    weights = weights_of_life(dev.truth)
    grades = np.array([GRADES.index(row.grade or "routine") for row in dev.rows], dtype=np.int64)
    of_labels, labels_moved = _scaling(dev.labels, dev.truth, weights)
    of_grades, grades_moved = _scaling(dev.grades, grades, weights)
    of_holds = _temperature_of_holds(dev.holds, dev.held)
    calibration = Calibration(of_labels, of_grades, of_holds, labels_moved, grades_moved)
    return calibration, _thresholds(dev, calibration, weights, costs)


def _scaling(logits: NDArray[np.float32], truth: Integers, weights: Floats) -> tuple[float, list[float]]:
    """Temperature and a constant for each class, of the least weighted negative log-likelihood."""
    posts = np.arange(len(truth))

    def loss(parameters: Floats) -> float:
        found = probabilities(logits, float(np.exp(parameters[0])), parameters[1:])
        return float(weights @ -np.log(found[posts, truth] + 1e-12)) / len(truth) + _PULL * float(
            parameters[1:] @ parameters[1:]
        )

    start = np.zeros(1 + logits.shape[1])
    best = minimize(loss, start, method="L-BFGS-B", bounds=[(-1.2, 1.6), *[(-6.0, 6.0)] * logits.shape[1]]).x
    return round(float(np.exp(best[0])), 4), [round(float(one), 4) for one in best[1:] - best[1:].mean()]


def _temperature_of_holds(logits: NDArray[np.float32], truth: Bools) -> float:
    def loss(temperature: float) -> float:
        scaled = logits / temperature
        return float(np.mean(np.logaddexp(0, scaled) - truth * scaled))

    return round(float(min(np.geomspace(0.3, 5.0, 95), key=loss)), 4)


def _thresholds(dev: Scored, calibration: Calibration, weights: Floats, costs: Costs) -> Thresholds:
    scores, grades = calibration.of_labels(dev.labels), calibration.of_grades(dev.grades)
    holds = calibration.of_holds(dev.holds)
    chatter = dev.truth == LABELS.index("chatter")
    also_truth = np.array([[one in row.also for one in FLAGGED] for row in dev.rows], dtype=np.bool_)

    def routed(flag: float = 1.1, also: float = 1.1, unsure: float = 0.0, immediate: float = 1.1) -> Routed:
        return route(scores, grades, holds, Thresholds(flag, also, unsure, immediate))

    def cost_of_flag(flag: float) -> float:
        flagged = routed(flag=flag).flagged
        return float(costs.missed_flag * weights[~flagged & ~chatter].sum() + weights[flagged & chatter].sum())

    flag = _cheapest(_STEPS, cost_of_flag)

    def cost_of_immediate(immediate: float) -> float:
        paged = routed(flag=flag, immediate=immediate).immediate
        false = weights[paged & dev.ordinary].sum() / max(weights[dev.ordinary].sum(), 1e-9)
        beyond = max(0.0, false - costs.most_false_immediate) * len(weights) * costs.missed_immediate
        missed = costs.missed_immediate * weights[dev.immediate & ~paged].sum()
        return float(missed + weights[paged & ~dev.immediate].sum() + beyond)

    immediate = _cheapest(_STEPS, cost_of_immediate)
    also = _cheapest(_STEPS, lambda also: -_f_half(routed(flag=flag, also=also, immediate=immediate).also, also_truth))

    def is_too_often(unsure: float) -> bool:
        asked = routed(flag=flag, unsure=unsure, immediate=immediate).unsure
        return bool(weights[asked].sum() > costs.most_unsure * weights.sum())

    unsure = max((one for one in _STEPS if one <= _MOST_DOUBT and not is_too_often(one)), default=0.0)
    return Thresholds(flag=flag, also=also, unsure=round(float(unsure), 2), immediate=immediate)


def _cheapest(candidates: NDArray[np.float64], cost: Callable[[float], float]) -> float:
    """The middle of the candidates that cost least: a small dev set has many equals, and their edge is chance."""
    costs = np.array([cost(float(candidate)) for candidate in candidates])
    best = candidates[np.isclose(costs, costs.min())]
    return round(float(best[len(best) // 2]), 2)


def _f_half(found: Bools, truth: Bools) -> float:
    """F-measure with β = ½ (van Rijsbergen 1979): what is said beside the label should be right rather than complete."""
    both = int((found & truth).sum())
    return 1.25 * both / max(1.0, int(found.sum()) + 0.25 * int(truth.sum()))
