"""Logits become probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration import probabilities


def test_probabilities_add_up_to_one_and_keep_the_order() -> None:
    scores = probabilities(np.array([[3.0, 1.0, -2.0, 0.5]]), 1.7)

    assert scores.sum() == pytest.approx(1)
    assert scores[0].argsort().tolist() == [2, 3, 1, 0]


def test_a_temperature_above_one_softens() -> None:
    logits = np.array([2.0, 0.0])

    assert probabilities(logits, 4.0).max() < probabilities(logits, 1.0).max()


def test_huge_logits_stay_finite() -> None:
    assert probabilities(np.array([1e6, -1e6]), 1.0).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_not_a_number_is_an_error(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        probabilities(np.array([0.0, wrong]), 1.0)
