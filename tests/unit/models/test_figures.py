"""The figures mean what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation import matrix
from models.evaluation.figures import calibration_error, confusion, kappa, macro_f1, per_label, share
from models.evaluation.prevalence import CHATTER_IN_LIFE, weights_of_life
from models.evaluation.report import between, drawn_by_theme
from models.evaluation.routing import Scored
from models.training.dataset import Row


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


def test_a_post_counts_in_the_calibration_error_as_much_as_its_weight_says() -> None:
    scores = np.array([[0.95, 0.05, 0, 0], [0.75, 0.25, 0, 0]])
    truth = np.array([0, 1])

    assert calibration_error(scores, truth, np.array([3.0, 1.0])) == pytest.approx((3 * 0.05 + 0.75) / 4)
    assert calibration_error(scores, truth, np.ones(2)) == calibration_error(scores, truth)


def test_weights_of_life_make_chatter_as_common_as_it_is() -> None:
    truth = np.array([0, 1, 2, 2, 3])

    weights = weights_of_life(truth)

    assert weights[truth == 3].sum() / weights.sum() == pytest.approx(CHATTER_IN_LIFE)
    assert weights.mean() == pytest.approx(1)


def test_kappa_is_agreement_beyond_chance() -> None:
    """Agreed 3/4, by chance (2·1 + 2·3) / 16."""
    assert kappa(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])) == pytest.approx((3 / 4 - 1 / 2) / (1 - 1 / 2))
    assert kappa(np.array([3, 3]), np.array([3, 3])) == 0


def test_a_share_of_nothing_is_none() -> None:
    part, whole = np.array([True, False, True]), np.array([True, True, False])

    assert share(part, whole) == 0.5
    assert share(part, np.zeros(3, dtype=np.bool_)) is None


def test_precision_in_life_counts_the_chatter_of_a_real_stream() -> None:
    truth, found = np.array([0, 0, 3, 3]), np.array([0, 0, 0, 3])

    assert matrix.precision_in_life(matrix.of(truth, found)) == pytest.approx(0.3 / (0.3 + 0.35))


def test_an_interval_holds_the_figure_and_widens_with_themes_that_differ() -> None:
    rows = [Row(str(place), "", "chatter", [], None, f"theme {place // 10}", "a", 1) for place in range(100)]
    scored = Scored(rows, *(np.zeros((100, width), dtype=np.float32) for width in (4, 3, 3)))
    right_in_every_theme = np.array([3 * (place % 2) for place in range(100)])
    right_in_half_of_the_themes = np.array([3 * (place // 50) for place in range(100)])

    narrow, wide = (
        between(matrix.accuracy(drawn_by_theme(scored, found)).share)
        for found in (right_in_every_theme, right_in_half_of_the_themes)
    )

    assert narrow == [0.5, 0.5]
    assert wide[0] < 0.5 < wide[1]
