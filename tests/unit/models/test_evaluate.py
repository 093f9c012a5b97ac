"""The figures mean what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.dataset import Row
from models.training.evaluate import calibration_error, confusion, interval, macro_f1, per_label, precision_in_life


def test_a_perfect_model_scores_one() -> None:
    truth = np.array([0, 1, 2, 3])

    assert macro_f1(truth, truth) == 1


def test_macro_f1_is_the_mean_of_the_labels() -> None:
    truth, found = np.array([0, 0, 1, 1, 2, 2, 3, 3]), np.array([0, 0, 1, 0, 2, 2, 3, 3])

    assert per_label(found, truth)["intel"] == {"precision": 0.6667, "recall": 1.0, "f1": 0.8, "posts": 2}
    assert macro_f1(found, truth) == pytest.approx((0.8 + 2 / 3 + 1 + 1) / 4)


def test_the_confusion_has_the_truth_in_its_rows() -> None:
    assert confusion(np.array([3, 3]), np.array([2, 3])) == [[0] * 4, [0] * 4, [0, 0, 0, 1], [0, 0, 0, 1]]


def test_calibration_error_is_the_gap_between_confidence_and_being_right() -> None:
    scores = np.tile([0.85, 0.05, 0.05, 0.05], (10, 1))
    truth = np.array([0] * 6 + [1] * 4)

    assert calibration_error(scores, truth) == pytest.approx(0.25)


def test_precision_in_life_counts_the_chatter_of_a_real_stream() -> None:
    flagged = np.array([True, True, True, False])
    true_flagged = np.array([True, True, False, False])

    assert precision_in_life(flagged, true_flagged) == pytest.approx(0.3 / (0.3 + 0.35))


def test_an_interval_holds_the_figure_and_widens_with_themes_that_differ() -> None:
    rows = [Row(str(place), "", "chatter", [], None, f"theme {place // 10}", "a", 1) for place in range(100)]
    alike = np.array([place % 2 for place in range(100)], dtype=float)
    unlike = np.array([place // 50 for place in range(100)], dtype=float)

    narrow = interval(rows, lambda places: float(alike[places].mean()))
    wide = interval(rows, lambda places: float(unlike[places].mean()))

    assert narrow == [0.5, 0.5]
    assert wide[0] < 0.5 < wide[1]
