"""What is drawn is what was counted."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.curves import MOST_POINTS, precision_recall, reliability
from models.evaluation.figures import calibration_error

SCORES = np.array([[0.9, 0.1, 0, 0], [0.9, 0.1, 0, 0], [0.6, 0.4, 0, 0], [0.3, 0.7, 0, 0]])
TRUTH = np.array([0, 1, 0, 1])


def test_bins_hold_what_was_said_and_how_often_it_was_right() -> None:
    bins = reliability(SCORES, TRUTH)

    assert [(one.posts, one.confidence, one.right.value) for one in bins] == [
        (1, 0.6, 1.0),
        (1, 0.7, 1.0),
        (2, 0.9, 0.5),
    ]


def test_bins_and_the_calibration_error_are_of_the_same_kind() -> None:
    bins = reliability(SCORES, TRUTH)

    gaps = sum(one.posts * abs(one.confidence - (one.right.value or 0)) for one in bins)
    assert calibration_error(SCORES, TRUTH) == pytest.approx(gaps / len(TRUTH))


def test_a_certain_model_is_in_the_last_bin() -> None:
    assert [one.high for one in reliability(np.array([[1.0, 0, 0, 0]]), np.array([0]))] == [1.0]


def test_a_perfect_ranking_has_an_area_of_one() -> None:
    curve = precision_recall(np.array([0.9, 0.8, 0.2]), np.array([True, True, False]))

    assert curve is not None
    assert curve.average_precision == 1
    assert curve.recall[0] == 0
    assert curve.recall[-1] == 1
    assert curve.recall == sorted(curve.recall)


def test_a_long_curve_is_thinned_to_its_ends() -> None:
    chance = np.random.default_rng(0)
    curve = precision_recall(chance.random(5_000), chance.random(5_000) < 0.3)

    assert curve is not None
    assert len(curve.recall) <= MOST_POINTS
    assert curve.recall[0] == 0
    assert curve.recall[-1] == 1


@pytest.mark.parametrize("there", [[True, True], [False, False]])
def test_a_label_that_all_or_none_have_has_no_curve(there: list[bool]) -> None:
    assert precision_recall(np.array([0.1, 0.2]), np.array(there)) is None
