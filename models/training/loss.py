"""What training minimises.

Cross-entropy over the four labels; over the three grades; and, for each flagged label, whether the post holds something of
it. A label in ``also`` gets a small part of the first target's mass too. Chatter counts as routine for the grade: a joke
about murder must not look urgent.

Two regularisers may join in: R-Drop (Liang et al. 2021), the symmetric Kullback-Leibler divergence between two readings of
the same post under different dropout, and distillation (Hinton et al. 2015), the divergence from what teachers say.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models.training.dataset import Row
from models.training.network import Logits
from models.training.recipe import Recipe
from schemas.labels import FLAGGED, GRADES, LABELS


def supervised(logits: Logits, rows: Sequence[Row], recipe: Recipe, weights: Tensor | None) -> Tensor:
    """Scalar. ``weights`` (4,) are those of the labels."""
    targets = _label_targets(rows, recipe)
    labels = functional.cross_entropy(logits.labels, targets, weights, label_smoothing=recipe.label_smoothing)
    grades = torch.tensor([GRADES.index(row.grade or "routine") for row in rows])
    holds = torch.tensor([[float(one == row.label or one in row.also) for one in FLAGGED] for row in rows])
    return (
        labels
        + recipe.grade_weight * functional.cross_entropy(logits.grades, grades)
        + recipe.also_weight * functional.binary_cross_entropy_with_logits(logits.holds, holds)
    )


def disagreement(one: Logits, other: Logits) -> Tensor:
    """Scalar, 0 where two readings say the same."""
    apart = torch.tensor(0.0)
    for first, second in ((one.labels, other.labels), (one.grades, other.grades)):
        a, b = first.log_softmax(1), second.log_softmax(1)
        apart = apart + (_divergence(a, b) + _divergence(b, a)) / 2
    return apart


def distance_from_teachers(student: Logits, teachers: Logits, temperature: float) -> Tensor:
    """Scalar. Multiplied by the temperature's square, so that its gradient is as large as that of the hard targets."""
    softened = torch.tensor(0.0)
    for first, second in ((student.labels, teachers.labels), (student.grades, teachers.grades)):
        softened = softened + _divergence((first / temperature).log_softmax(1), (second / temperature).log_softmax(1))
    holds = functional.binary_cross_entropy_with_logits(student.holds, teachers.holds.sigmoid())
    return temperature**2 * softened + holds


def label_weights(rows: Sequence[Row], recipe: Recipe) -> Tensor | None:
    """Weights that let every label count the same in all, 1 in the mean over posts; None if the recipe asks for none."""
    if not recipe.balance:
        return None
    counts = torch.tensor([float(sum(row.label == label for row in rows)) for label in LABELS])
    return len(rows) / (len(LABELS) * counts)


def _divergence(found: Tensor, wanted: Tensor) -> Tensor:
    return functional.kl_div(found, wanted, log_target=True, reduction="batchmean")


def _label_targets(rows: Sequence[Row], recipe: Recipe) -> Tensor:
    targets = torch.zeros((len(rows), len(LABELS)))
    for place, row in enumerate(rows):
        for other in row.also:
            targets[place, LABELS.index(other)] = recipe.also_share
        targets[place, LABELS.index(row.label)] = 1 - recipe.also_share * len(row.also)
    return targets
