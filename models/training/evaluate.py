"""How good a model is: pure functions from scores to figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from models.calibration import Floats, probabilities
from models.classifier import Thresholds
from models.manifest import Temperatures
from models.training.calibrate import CHATTER_IN_LIFE, Integers, Scored, route
from models.training.dataset import Row
from schemas.labels import LABELS

_RESAMPLES: Final = 1_000
_BINS: Final = 10
_CHATTER: Final = LABELS.index("chatter")


def report(scored: Scored, temperatures: Temperatures, thresholds: Thresholds) -> dict[str, Any]:
    """All figures of one set of posts, as plain numbers for the manifest and the card."""
    scores = probabilities(scored.labels, temperatures.labels)
    grades = probabilities(scored.grades, temperatures.grades)
    found, truth = scores.argmax(axis=1), scored.truth
    routed = route(scores, grades, thresholds)
    flagged = routed.label != _CHATTER
    true_flagged = truth != _CHATTER
    return {
        "posts": len(truth),
        "macro_f1": round(macro_f1(found, truth), 4),
        "macro_f1_95": interval(scored.rows, lambda places: macro_f1(found[places], truth[places])),
        "accuracy": round(float((found == truth).mean()), 4),
        "ece": round(calibration_error(scores, truth), 4),
        "labels": per_label(found, truth),
        "confusion": confusion(found, truth),
        "routed": {
            "flagged_recall": _ratio(flagged & true_flagged, true_flagged),
            "chatter_flagged": _ratio(flagged & ~true_flagged, ~true_flagged),
            "flagged_precision_in_life": round(precision_in_life(flagged, true_flagged), 4),
            "unsure": round(float(routed.unsure.mean()), 4),
        },
        "immediate": {
            "posts": int(scored.immediate.sum()),
            "recall": _ratio(routed.immediate & scored.immediate, scored.immediate),
            "precision": _ratio(routed.immediate & scored.immediate, routed.immediate),
        },
    }


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


def calibration_error(scores: Floats, truth: Integers) -> float:
    """Expected calibration error of the top label over ten equal bins (Naeini et al. 2015)."""
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    parts = [
        (bins == one).mean() * abs(confidence[bins == one].mean() - right[bins == one].mean())
        for one in range(_BINS)
        if (bins == one).any()
    ]
    return float(sum(parts))


def precision_in_life(flagged: np.ndarray[Any, Any], true_flagged: np.ndarray[Any, Any]) -> float:
    """Precision of being flagged where `CHATTER_IN_LIFE` of the posts are chatter."""
    hits = (1 - CHATTER_IN_LIFE) * float(flagged[true_flagged].mean()) if true_flagged.any() else 0.0
    alarms = CHATTER_IN_LIFE * float(flagged[~true_flagged].mean()) if (~true_flagged).any() else 0.0
    return hits / max(hits + alarms, 1e-9)


def interval(rows: Sequence[Row], figure: Callable[[Integers], float], seed: int = 0) -> list[float]:
    """95 % bootstrap interval. Whole themes are drawn, since posts of one theme are written together and alike."""
    themes: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        themes.setdefault(row.theme, []).append(place)
    groups = [np.array(places, dtype=np.int64) for places in themes.values()]
    chance = np.random.default_rng(seed)
    draws = [
        figure(np.concatenate([groups[one] for one in chance.integers(len(groups), size=len(groups))]))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def _f1(found: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    both = int((found & truth).sum())
    precision, recall = both / max(1, int(found.sum())), both / max(1, int(truth.sum()))
    return precision, recall, 2 * both / max(1, int(found.sum()) + int(truth.sum()))


def _ratio(part: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> float | None:
    return round(float(part.sum() / whole.sum()), 4) if whole.any() else None
