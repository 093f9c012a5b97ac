"""The figures of a release on one set of posts, as plain numbers for the manifest and the card."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from models.calibration import Calibration
from models.classifier import Thresholds
from models.evaluation import matrix
from models.evaluation.arrays import Bools, Floats, Integers
from models.evaluation.bootstrap import resampled
from models.evaluation.estimate import of_share
from models.evaluation.figures import ALL, calibration_error, confusion, kappa, macro_f1, per_label, share
from models.evaluation.prevalence import weights_of_life
from models.evaluation.routing import Scored, route
from schemas.labels import FLAGGED, LABELS

_CHATTER: Final = LABELS.index("chatter")


def report(scored: Scored, calibration: Calibration, thresholds: Thresholds) -> dict[str, Any]:
    """All figures of one set of posts, as plain numbers for the manifest and the card.

    Those at the top are of the label with the highest logit, for a set in which all labels are about as frequent; those
    under ``decided`` are of what the pipeline would do, whose decisions are made for a stream as it is in life.
    """
    posterior = calibration.of_labels(scored.labels)
    best, truth = scored.labels.argmax(axis=1), scored.truth
    grades, holds = calibration.of_grades(scored.grades), calibration.of_holds(scored.holds)
    routed = route(posterior, grades, holds, thresholds, scored.readable)
    true_flagged = truth != _CHATTER
    weights = weights_of_life(truth)
    also_truth = scored.held & (np.arange(len(FLAGGED)) != truth[:, None])
    drawn, drawn_decided = (drawn_by_theme(scored, found) for found in (best, routed.label))
    return {
        "posts": len(truth),
        "macro_f1": round(macro_f1(best, truth), 4),
        "macro_f1_95": between(matrix.macro_f1(drawn, ALL)),
        "accuracy": round(float((best == truth).mean()), 4),
        "kappa": round(kappa(best, truth), 4),
        "labels": _labels(best, drawn, truth),
        "confusion": confusion(best, truth),
        "decided": {
            "macro_f1": round(macro_f1(routed.label, truth), 4),
            "macro_f1_95": between(matrix.macro_f1(drawn_decided, ALL)),
            "ece_in_life": round(calibration_error(posterior, truth, weights), 4),
            "flagged_recall": share(routed.flagged, true_flagged),
            "chatter_flagged": share(routed.flagged, ~true_flagged),
            "flagged_precision_in_life": round(float(matrix.precision_in_life(matrix.of(truth, routed.label))), 4),
            "unsure_in_life": round(float(weights[routed.unsure].sum() / weights.sum()), 4),
            "also_precision": share(also_truth, routed.also),
            "also_recall": share(routed.also, also_truth),
        },
        "immediate": {
            "posts": int(scored.immediate.sum()),
            "recall": share(routed.immediate, scored.immediate),
            "recall_95": _wilson(routed.immediate[scored.immediate]),
            "false_of_ordinary_in_life": _weighted_share(routed.immediate, scored.ordinary, weights),
            "false_of_prompt": share(routed.immediate, ~scored.ordinary & ~scored.immediate),
            "false_of_chatter": share(routed.immediate, ~true_flagged),
        },
    }


def drawn_by_theme(scored: Scored, found: Integers) -> Integers:
    """Confusion matrices of resamples. Whole themes are drawn: posts of one theme are written together and alike."""
    themes = np.unique([row.theme for row in scored.rows], return_inverse=True)[1]
    return matrix.matrices(resampled(themes, matrix.cells(scored.truth, found), len(LABELS) ** 2))


def _labels(found: Integers, drawn: Integers, truth: Integers) -> dict[str, dict[str, Any]]:
    """`per_label`, with 95 % intervals of precision and recall."""
    figures: dict[str, dict[str, Any]] = {name: dict(one) for name, one in per_label(found, truth).items()}
    for place, one in enumerate(figures.values()):
        one["precision_95"] = between(matrix.precision(drawn).share[:, place])
        one["recall_95"] = between(matrix.recall(drawn).share[:, place])
    return figures


def between(draws: Floats) -> list[float]:
    """Their 95 % interval."""
    return [round(float(one), 4) for one in np.nanpercentile(draws, [2.5, 97.5])]


def _weighted_share(part: Bools, whole: Bools, weights: Floats) -> float | None:
    return round(float(weights[part & whole].sum() / weights[whole].sum()), 4) if whole.any() else None


def _wilson(found: Bools) -> list[float | None]:
    share = of_share(int(found.sum()), len(found))
    return [share.low, share.high]
