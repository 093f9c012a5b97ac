"""Figures of confusion matrices agree with counting by hand, with scikit-learn, and with the figures of a release."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, precision_score, recall_score

from models.evaluation import matrix
from models.evaluation.figures import confusion, macro_f1, share

labels = st.integers(0, 3)
pairs = st.lists(st.tuples(labels, labels), min_size=1, max_size=60)

HAND = matrix.of(np.array([0, 0, 1, 2, 3, 3, 3, 3]), np.array([0, 3, 1, 2, 3, 3, 0, 1]))


def test_the_truth_is_in_the_rows() -> None:
    assert HAND.tolist() == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [1, 1, 0, 2]]


def test_each_labels_figures_by_hand() -> None:
    assert matrix.precision(HAND).share == pytest.approx([1 / 2, 1 / 2, 1, 2 / 3])
    assert matrix.recall(HAND).share == pytest.approx([1 / 2, 1, 1, 1 / 2])
    assert matrix.f1(HAND) == pytest.approx([1 / 2, 2 / 3, 1, 4 / 7])


def test_the_whole_by_hand() -> None:
    assert matrix.accuracy(HAND).share == pytest.approx(5 / 8)
    assert matrix.flagged_recall(HAND).share == pytest.approx(3 / 4)
    assert matrix.chatter_flagged(HAND).share == pytest.approx(2 / 4)
    assert matrix.kappa(HAND) == pytest.approx((5 / 8 - 19 / 64) / (1 - 19 / 64))


def test_a_flagged_post_with_the_wrong_flagged_label_is_still_flagged() -> None:
    assert matrix.flagged_recall(matrix.of(np.array([0]), np.array([2]))).share == 1


def test_what_has_nothing_to_count_is_not_a_number() -> None:
    chatter_only = matrix.of(np.array([3, 3]), np.array([3, 3]))

    assert np.isnan(matrix.precision(chatter_only).share[:3]).all()
    assert np.isnan(matrix.flagged_recall(chatter_only).share)
    assert np.isnan(matrix.kappa(chatter_only))
    assert np.isnan(matrix.precision_in_life(chatter_only))


@given(pairs)
def test_scikit_learn_agrees(posts: list[tuple[int, int]]) -> None:
    truth, found = (np.array(one) for one in zip(*posts, strict=True))
    counts = matrix.of(truth, found)
    present = counts.sum(axis=1) > 0
    chosen = {"labels": range(4), "average": None, "zero_division": np.nan}

    assert matrix.accuracy(counts).share == pytest.approx(accuracy_score(truth, found))
    assert matrix.precision(counts).share == pytest.approx(precision_score(truth, found, **chosen), nan_ok=True)
    assert matrix.recall(counts).share == pytest.approx(recall_score(truth, found, **chosen), nan_ok=True)
    macro = f1_score(truth, found, labels=np.flatnonzero(present), average="macro", zero_division=0)
    assert matrix.macro_f1(counts, present) == pytest.approx(macro)
    if len({*truth.tolist(), *found.tolist()}) > 1:
        assert matrix.kappa(counts) == pytest.approx(cohen_kappa_score(truth, found))


@given(pairs)
def test_the_figures_of_a_release_agree(posts: list[tuple[int, int]]) -> None:
    truth, found = (np.array(one) for one in zip(*posts, strict=True))
    counts = matrix.of(truth, found)

    assert counts.tolist() == confusion(found, truth)
    assert matrix.macro_f1(counts, np.ones(4, dtype=np.bool_)) == pytest.approx(macro_f1(found, truth))
    recalled = share(found != 3, truth != 3)
    if recalled is not None:
        assert matrix.flagged_recall(counts).share == pytest.approx(recalled, abs=1e-4)
    if recalled is not None and (truth == 3).any() and (found != 3).any():
        hits, alarms = 0.3 * (found != 3)[truth != 3].mean(), 0.7 * (found != 3)[truth == 3].mean()
        assert matrix.precision_in_life(counts) == pytest.approx(hits / (hits + alarms))


@given(st.lists(pairs, min_size=1, max_size=5))
def test_many_matrices_at_once_are_each_as_alone(many: list[list[tuple[int, int]]]) -> None:
    alone = [matrix.of(*(np.array(one) for one in zip(*posts, strict=True))) for posts in many]
    together = np.stack(alone)

    for figure in (matrix.f1, matrix.kappa, matrix.precision_in_life):
        assert figure(together) == pytest.approx(np.stack([figure(one) for one in alone]), nan_ok=True)
