"""Resamples are draws of whole groups, and intervals come from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.bootstrap import RESAMPLES, resampled
from models.evaluation.estimate import Estimate, of_draws, of_share, of_share_with_draws


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=50))
def test_every_draw_has_as_many_groups_as_there_are(posts: list[tuple[int, int]]) -> None:
    groups, cells = (np.array(one) for one in zip(*posts, strict=True))

    drawn = resampled(groups, cells, 4)

    sizes = np.unique(groups, return_counts=True)[1]
    assert drawn.shape == (RESAMPLES, 4)
    assert (drawn.sum(axis=1) >= len(sizes) * sizes.min()).all()
    assert (drawn.sum(axis=1) <= len(sizes) * sizes.max()).all()


def test_posts_of_a_group_are_drawn_together() -> None:
    drawn = resampled(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1]), 2)

    assert set(map(tuple, drawn.tolist())) == {(6, 0), (3, 3), (0, 6)}


def test_single_posts_vary_as_much_as_chance_makes_them() -> None:
    """Of 400 posts half of which count: the standard error of the share is √(0.25 / 400) = 0.025."""
    drawn = resampled(np.arange(400), np.arange(400) % 2, 2)

    assert (drawn[:, 1] / 400).mean() == pytest.approx(0.5, abs=0.005)
    assert (drawn[:, 1] / 400).std() == pytest.approx(0.025, rel=0.1)


def test_the_same_posts_give_the_same_draws() -> None:
    groups, cells = np.arange(30), np.arange(30) % 3

    assert (resampled(groups, cells, 3) == resampled(groups, cells, 3)).all()


def test_an_interval_is_where_95_of_100_draws_are() -> None:
    assert of_draws(0.5, np.arange(0, 1001) / 1000) == Estimate(0.5, 0.025, 0.975)


def test_draws_that_count_nothing_are_left_out() -> None:
    assert of_draws(0.5, np.array([np.nan, 0.4, 0.6, np.nan])).low == pytest.approx(0.405)
    assert of_draws(float("nan"), np.array([0.4])) == Estimate(None)


def test_a_bootstrap_that_never_varies_has_no_interval() -> None:
    assert of_draws(1.0, np.ones(1000)) == Estimate(1.0)


def test_a_share_without_a_bootstrap_has_wilsons_interval() -> None:
    assert of_share_with_draws(10, 10, np.ones(1000)) == of_share(10, 10)
    assert of_share_with_draws(0, 0, np.full(1000, np.nan)) == Estimate(None)


def test_wilsons_interval_by_hand() -> None:
    """z = 1.96: centre (p + z²/2n) / (1 + z²/n), half √(p(1-p)/n + z²/4n²) · z / (1 + z²/n)."""
    assert of_share(8, 10) == Estimate(0.8, 0.4902, 0.9433)
    assert of_share(0, 10) == Estimate(0.0, 0.0, 0.2775)


@given(st.integers(1, 500), st.data())
def test_a_share_is_within_its_interval_and_that_within_0_and_1(whole: int, data: st.DataObject) -> None:
    estimate = of_share(data.draw(st.integers(0, whole)), whole)

    assert estimate.value is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.value + 1e-4 <= estimate.high + 2e-4 <= 1 + 2e-4
