"""What teachers say of the training posts: the mean of their log-probabilities, so that they speak with one voice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from models.training.dataset import Row
from models.training.fine_tune import load_network
from models.training.network import Logits, judge_all
from models.training.recipe import Recipe, teachers_of


def taught(rows: Sequence[Row], recipe: Recipe, folders: Sequence[Path]) -> Logits:
    """Logits of ``rows``. ``folders`` hold the weights of the recipe's teachers, in order."""
    texts = [row.text for row in rows]
    said = [
        judge_all(*load_network(folder, teacher), texts)
        for teacher, folder in zip(teachers_of(recipe), folders, strict=True)
    ]
    return Logits(
        torch.stack([one.labels.log_softmax(1) for one in said]).mean(0),
        torch.stack([one.grades.log_softmax(1) for one in said]).mean(0),
        torch.stack([one.holds for one in said]).mean(0),
        torch.empty(len(rows), 0),
    )
