"""Temperatures and thresholds, chosen on the dev themes with the graph that is served.

The costs are stated here and nowhere else. They are judgements about a control room's work, not measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibration import Floats, probabilities
from models.classifier import Thresholds
from models.manifest import Temperatures
from models.training.dataset import Row
from schemas.labels import FLAGGED, GRADES, LABELS

MISSED_FLAG_COSTS: Final = 5.0
"""A post that should have been flagged and was dropped as chatter, in needless looks at chatter."""
MISSED_IMMEDIATE_COSTS: Final = 20.0
"""An immediate danger that was not graded immediate, in needless pages."""
CHATTER_IN_LIFE: Final = 0.7
"""Share of a real stream that is chatter; the corpus has less, so chatter is weighted up to it."""

_TEMPERATURES: Final = np.geomspace(0.3, 5.0, 95)
_UNSURE: Final = np.arange(0.40, 0.81, 0.01)
_ALSO: Final = np.arange(0.05, 0.51, 0.01)
_IMMEDIATE: Final = np.arange(0.05, 0.51, 0.01)

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows and their logits: ``labels`` (rows, 4), ``grades`` (rows, 3)."""

    rows: Sequence[Row]
    labels: NDArray[np.float32]
    grades: NDArray[np.float32]

    def part(self, rows: slice) -> Scored:
        return Scored(self.rows[rows], self.labels[rows], self.grades[rows])

    @property
    def truth(self) -> Integers:
        return np.array([LABELS.index(row.label) for row in self.rows], dtype=np.int64)

    @property
    def immediate(self) -> Bools:
        return np.array([row.grade == "immediate" for row in self.rows], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Routed:
    """What `pipeline.classify.decide` makes of scores, for many posts at once. A test holds the two together."""

    label: Integers
    also: Bools
    unsure: Bools
    immediate: Bools


def route(scores: Floats, grades: Floats, thresholds: Thresholds) -> Routed:
    """See `pipeline.classify.decide` for the rules."""
    chatter = LABELS.index("chatter")
    best = scores.argmax(axis=1)
    unsure = scores.max(axis=1) < thresholds.unsure
    label = np.where(unsure & (best == chatter), scores[:, : len(FLAGGED)].argmax(axis=1), best)
    flagged = label != chatter
    also = (scores[:, : len(FLAGGED)] >= thresholds.also) & flagged[:, None]
    also &= np.arange(len(FLAGGED)) != label[:, None]
    return Routed(label, also, unsure, flagged & (grades[:, 0] >= thresholds.immediate))


def fit(dev: Scored) -> tuple[Temperatures, Thresholds]:
    """Temperatures by likelihood, then the thresholds that cost least on ``dev``."""
    graded = np.array([row.grade is not None for row in dev.rows], dtype=np.bool_)
    grade_truth = np.array([GRADES.index(row.grade) for row in dev.rows if row.grade is not None], dtype=np.int64)
    temperatures = Temperatures(
        labels=_temperature(dev.labels, dev.truth), grades=_temperature(dev.grades[graded], grade_truth)
    )
    return temperatures, _thresholds(dev, temperatures)


def _temperature(logits: NDArray[np.float32], truth: Integers) -> float:
    def loss(temperature: float) -> float:
        return float(-np.log(probabilities(logits, temperature)[np.arange(len(truth)), truth] + 1e-12).mean())

    return round(float(min(_TEMPERATURES, key=loss)), 3)


def _thresholds(dev: Scored, temperatures: Temperatures) -> Thresholds:
    scores = probabilities(dev.labels, temperatures.labels)
    grades = probabilities(dev.grades, temperatures.grades)
    weights = _weights_of_life(dev.truth)
    chatter = LABELS.index("chatter")
    also_truth = np.array([[one in row.also for one in FLAGGED] for row in dev.rows], dtype=np.bool_)

    def routed(also: float = 1.0, unsure: float = 0.0, immediate: float = 1.0) -> Routed:
        return route(scores, grades, Thresholds(also, unsure, immediate))

    def unsure_cost(unsure: float) -> float:
        label = routed(unsure=unsure).label
        missed = (label == chatter) & (dev.truth != chatter)
        needless = (label != chatter) & (dev.truth == chatter)
        return float(weights @ (MISSED_FLAG_COSTS * missed + needless))

    unsure = _cheapest(_UNSURE, unsure_cost)

    def also_cost(also: float) -> float:
        found = routed(also=also, unsure=unsure).also
        return -_f1(found, also_truth)

    def immediate_cost(immediate: float) -> float:
        paged = routed(unsure=unsure, immediate=immediate).immediate
        return float(weights @ (MISSED_IMMEDIATE_COSTS * (dev.immediate & ~paged) + (paged & ~dev.immediate)))

    return Thresholds(also=_cheapest(_ALSO, also_cost), unsure=unsure, immediate=_cheapest(_IMMEDIATE, immediate_cost))


def _weights_of_life(truth: Integers) -> Floats:
    """Weights that give chatter its share of a real stream."""
    chatter = truth == LABELS.index("chatter")
    share = max(float(chatter.mean()), 1e-9)
    return np.where(chatter, CHATTER_IN_LIFE / share, (1 - CHATTER_IN_LIFE) / max(1 - share, 1e-9))


def _cheapest(candidates: NDArray[np.float64], cost: Callable[[float], float]) -> float:
    """The middle of the candidates that cost least: a small dev set has many equals, and their edge is chance."""
    costs = np.array([cost(float(candidate)) for candidate in candidates])
    best = candidates[np.isclose(costs, costs.min())]
    return round(float(best[len(best) // 2]), 2)


def _f1(found: Bools, truth: Bools) -> float:
    both = int((found & truth).sum())
    return 2 * both / max(1, int(found.sum()) + int(truth.sum()))
