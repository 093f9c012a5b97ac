"""Fine-tunes the base encoder and its linear layer on the corpus.

The loss is cross-entropy over the four labels plus, for flagged posts, over the three grades. A label in ``also`` gets a
fixed part of the target's mass, so that one softmax serves both the primary label and ``also``. Layers near the input learn
more slowly (Howard and Ruder 2018, discriminative fine-tuning); the embeddings stay as they are, so that a word which the
corpus lacks keeps its place beside those that it has.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from models.training import base
from models.training.dataset import Row, without_some_form
from models.training.network import Logits, Network, serving_tokenizer, tensors
from models.training.recipe import Recipe
from schemas.labels import GRADES, LABELS

_NO_GRADE = -100
"""A target that `cross_entropy` passes over."""
_CLIP = 1.0
_BUCKET = 16
"""Batches whose texts are sorted by length together: nearly no padding, still nearly random."""


def fine_tune(rows: Sequence[Row], recipe: Recipe, folder: Path, progress: Progress) -> None:
    """Trains and writes ``weights.pt`` and ``tokenizer.json`` into ``folder``. The same seed gives the same weights."""
    random.seed(recipe.seed)
    np.random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)  # noqa: S311
    weights = base.fetch()
    network = Network(base.load_encoder(weights), recipe.dropout)
    tokenizer = serving_tokenizer(base.load_tokenizer(weights), recipe.max_tokens)
    steps = math.ceil(len(rows) / recipe.batch * recipe.epochs)
    network.encoder.embeddings.requires_grad_(False)
    optimizer = torch.optim.AdamW(_parameters(network, recipe), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warm_up_then_fall(steps, recipe.warmup))
    bar = progress.add_task("fine-tune", total=steps)
    network.train()
    for number, batch in zip(range(steps), _endless(rows, recipe, chance), strict=False):
        ids, mask = tensors(tokenizer.encode_batch([without_some_form(row.text, recipe, chance) for row in batch]))
        loss = _loss(network(ids, mask), batch, recipe)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        progress.update(bar, advance=1, description=f"fine-tune: step {number + 1}, loss {loss.item():.3f}")
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "weights.pt")
    tokenizer.save(str(folder / "tokenizer.json"))


def load_network(folder: Path) -> tuple[Network, Tokenizer]:
    """What `fine_tune` wrote, in eval mode."""
    network = Network(base.load_encoder(base.fetch()), 0.0)
    network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    network.eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return network, tokenizer


def _endless(rows: Sequence[Row], recipe: Recipe, chance: random.Random) -> Iterator[list[Row]]:
    """Batches, epoch after epoch, each in a new order."""
    while True:
        order = list(rows)
        chance.shuffle(order)
        epoch = []
        for start in range(0, len(order), recipe.batch * _BUCKET):
            bucket = sorted(order[start : start + recipe.batch * _BUCKET], key=lambda row: len(row.text))
            epoch += [bucket[first : first + recipe.batch] for first in range(0, len(bucket), recipe.batch)]
        chance.shuffle(epoch)
        yield from epoch


def _loss(logits: Logits, rows: Sequence[Row], recipe: Recipe) -> Tensor:
    labels = functional.cross_entropy(
        logits.labels, _label_targets(rows, recipe), label_smoothing=recipe.label_smoothing
    )
    grades = torch.tensor([_NO_GRADE if row.grade is None else GRADES.index(row.grade) for row in rows])
    if (grades == _NO_GRADE).all():
        return labels
    return labels + recipe.grade_weight * functional.cross_entropy(logits.grades, grades, ignore_index=_NO_GRADE)


def _label_targets(rows: Sequence[Row], recipe: Recipe) -> Tensor:
    targets = torch.zeros((len(rows), len(LABELS)))
    for place, row in enumerate(rows):
        for other in row.also:
            targets[place, LABELS.index(other)] = recipe.also_share
        targets[place, LABELS.index(row.label)] = 1 - recipe.also_share * len(row.also)
    return targets


def _parameters(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Parameter groups: the head at its own rate, and the layers from the top down, each slower than the one above."""
    top = len(network.encoder.encoder.layer) - 1
    groups = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("head."):
            rate = recipe.head_learning_rate
        else:
            layer = int(name.removeprefix("encoder.encoder.layer.").split(".")[0])
            rate = recipe.learning_rate * recipe.layer_decay ** (top - layer)
        decays = parameter.ndim > 1
        groups.append({"params": [parameter], "lr": rate, "weight_decay": recipe.weight_decay if decays else 0.0})
    return groups


def _warm_up_then_fall(steps: int, warmup: float) -> Callable[[int], float]:
    """Linear warm-up over a share of all steps, then a linear fall to zero."""
    warm = max(1, round(steps * warmup))

    def factor(step: int) -> float:
        return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))

    return factor
