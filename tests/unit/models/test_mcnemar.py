"""McNemar's exact test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.mcnemar import exact_p


def test_one_of_six_is_by_hand() -> None:
    """Two tails of a fair coin: 2 · (C(6,0) + C(6,1)) / 2⁶"""
    assert exact_p(1, 5) == pytest.approx(14 / 64)


def test_models_that_differ_nowhere_are_alike() -> None:
    assert exact_p(0, 0) == 1


@given(st.integers(0, 200), st.integers(0, 200))
def test_it_does_not_matter_which_comes_first(one: int, other: int) -> None:
    assert exact_p(one, other) == pytest.approx(exact_p(other, one))
    assert 0 <= exact_p(one, other) <= 1
