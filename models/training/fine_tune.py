"""Fine-tunes the base encoder and its linear layer on the corpus.

Layers near the input learn more slowly (Howard and Ruder 2018, discriminative fine-tuning); the embeddings stay as they are,
so that a word which the corpus lacks keeps its place beside those that it has. A training that was cut short goes on from
its last checkpoint.
"""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.training import loss as losses
from models.training.augment import messed
from models.training.bases import BASES
from models.training.dataset import Row
from models.training.emoji import embed_emoji
from models.training.network import Logits, Network, read_by, serving_tokenizer, tensors
from models.training.recipe import Recipe

WEIGHTS = "weights.pt"
TOKENIZER = "tokenizer.json"

MOST_TOKENS = 256
"""Of a text in training: what decides the label of a longer one may stand anywhere, and windows have no labels."""

_CHECKPOINT = "checkpoint.pt"
_CHECKPOINT_EVERY = 100
_CLIP = 1.0
_BUCKET = 16
"""Batches whose texts are sorted by length together: nearly no padding, still nearly random."""


def fine_tune(
    rows: Sequence[Row],
    recipe: Recipe,
    folder: Path,
    progress: Progress,
    teachers: Logits | None = None,
    run: int = 0,
) -> None:
    """Trains and writes ``weights.pt`` and ``tokenizer.json`` into ``folder``. The same seed and run give the same weights
    on the same kind of processor; where it is fast, encoders are computed in bfloat16.

    ``teachers`` are the teachers' logits of ``rows``, in order. Runs of a recipe start from the same weights and differ in
    the order of the posts, their mess and the dropout.
    """
    torch.manual_seed(recipe.seed)
    network, tokenizer = new_network(recipe)
    seed = recipe.seed + run
    torch.manual_seed(seed)
    whole = serving_tokenizer(BASES[recipe.base].load_tokenizer(BASES[recipe.base].fetch()), MOST_TOKENS)
    steps = math.ceil(len(rows) / recipe.batch * recipe.epochs)
    optimizer = torch.optim.AdamW(_parameters(network, recipe), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warm_up_then_fall(steps, recipe.warmup))
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average)) if recipe.average else None
    weights = losses.label_weights(rows, recipe)
    parts = {
        "network": network,
        "optimizer": optimizer,
        "schedule": schedule,
        **({"average": average} if average else {}),
    }
    done = _restore(folder / _CHECKPOINT, parts)
    bar = progress.add_task("fine-tune", total=steps, completed=done)
    network.train()
    for step, places in enumerate(_batches(rows, recipe.batch, seed, steps)):
        if step < done:
            continue
        chance = random.Random(f"{seed} {step}")  # noqa: S311
        batch = [rows[place] for place in places]
        ids, mask = tensors(read_by(whole, [messed(row.text, recipe, chance) for row in batch]))
        with torch.autocast("cpu", torch.bfloat16, enabled=_has_fast_bfloat16()):
            logits = network(ids, mask)
            again = network(ids, mask) if recipe.r_drop else None
        loss = losses.supervised(_float(logits), batch, recipe, weights)
        if again is not None:
            loss = (loss + losses.supervised(_float(again), batch, recipe, weights)) / 2
            loss = loss + recipe.r_drop * losses.disagreement(_float(logits), _float(again))
        if teachers is not None:
            taught = Logits(*(part[places] for part in teachers))
            far = losses.distance_from_teachers(_float(logits), taught, recipe.distil_temperature)
            loss = (1 - recipe.distil_weight) * loss + recipe.distil_weight * far
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if average:
            average.update_parameters(network)
        progress.update(bar, advance=1, description=f"fine-tune: loss {loss.item():.3f}")
        if (step + 1) % _CHECKPOINT_EVERY == 0:
            _keep(folder / _CHECKPOINT, step + 1, parts)
    kept = average.module if average else network
    torch.save(kept.state_dict(), folder / WEIGHTS)
    tokenizer.save(str(folder / TOKENIZER))
    (folder / _CHECKPOINT).unlink(missing_ok=True)


def new_network(recipe: Recipe) -> tuple[Network, Tokenizer]:
    """The base encoder with its emoji and as many layers as the recipe keeps, a fresh linear layer, and the tokenizer."""
    base = BASES[recipe.base]
    folder = base.fetch()
    encoder, tokenizer = base.load_encoder(folder), base.load_tokenizer(folder)
    embed_emoji(encoder, tokenizer)
    if recipe.layers:
        layers = encoder.encoder.layer
        kept = np.linspace(0, len(layers) - 1, recipe.layers).round().astype(int)
        encoder.encoder.layer = nn.ModuleList([layers[place] for place in kept])
        encoder.config.num_hidden_layers = recipe.layers
    encoder.get_input_embeddings().requires_grad_(False)
    for parameter in encoder.embeddings.parameters():
        parameter.requires_grad_(False)
    return Network(encoder, base.specials, recipe.dropout), serving_tokenizer(tokenizer, recipe.max_tokens)


def average_runs(runs: Sequence[Path], folder: Path) -> None:
    """Writes into ``folder`` the mean of the weights of several runs, as `fine_tune` writes those of one.

    Runs that start from the same weights end in the same basin, and so does their mean (Wortsman et al. 2022, model soups).
    Here it is as accurate as each of them and its probabilities are better, at the price of one model: see EXPERIMENTS.md.
    """
    states = [torch.load(run / WEIGHTS, weights_only=True) for run in runs]
    mean = {name: torch.stack([one[name] for one in states]).mean(0) for name in states[0]}
    torch.save(mean, folder / WEIGHTS)
    shutil.copyfile(runs[0] / TOKENIZER, folder / TOKENIZER)


def load_network(folder: Path, recipe: Recipe) -> tuple[Network, Tokenizer]:
    """What `fine_tune` wrote for this recipe, in eval mode."""
    network, tokenizer = new_network(recipe)
    network.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))
    network.eval()
    return network, tokenizer


def _batches(rows: Sequence[Row], size: int, seed: int, steps: int) -> Iterator[list[int]]:
    """Places of the rows of ``steps`` batches, epoch after epoch, each in a new order."""
    chance = random.Random(seed)  # noqa: S311
    given = 0
    while True:
        order = list(range(len(rows)))
        chance.shuffle(order)
        epoch = []
        for start in range(0, len(order), size * _BUCKET):
            bucket = sorted(order[start : start + size * _BUCKET], key=lambda place: len(rows[place].text))
            epoch += [bucket[first : first + size] for first in range(0, len(bucket), size)]
        chance.shuffle(epoch)
        for batch in epoch:
            if given == steps:
                return
            given += 1
            yield batch


def _float(logits: Logits) -> Logits:
    return Logits(*(part.float() for part in logits))


def _has_fast_bfloat16() -> bool:
    """Where the processor has no tiles for it (AMX), bfloat16 is slower than full precision."""
    return bool(torch.cpu._is_amx_tile_supported())


def _keep(path: Path, step: int, parts: dict[str, object]) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}  # type: ignore[attr-defined]
    unfinished = path.with_suffix(".part")
    torch.save({"step": step, "chance": torch.get_rng_state(), **state}, unfinished)
    unfinished.replace(path)


def _restore(path: Path, parts: dict[str, object]) -> int:
    """Steps that an earlier run did; 0 when there is no checkpoint."""
    if not path.is_file():
        return 0
    kept = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(kept[name])  # type: ignore[attr-defined]
    torch.set_rng_state(kept["chance"])
    return int(kept["step"])


def _parameters(network: Network, recipe: Recipe) -> list[dict[str, object]]:
    """Parameter groups: the head at its own rate, and the layers from the top down, each slower than the one above."""
    top = len(network.encoder.encoder.layer) - 1
    groups = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("head."):
            rate = recipe.head_learning_rate
        elif name.startswith("encoder.encoder.layer."):
            layer = int(name.removeprefix("encoder.encoder.layer.").split(".")[0])
            rate = recipe.learning_rate * recipe.layer_decay ** (top - layer)
        else:  # what all layers share
            rate = recipe.learning_rate * recipe.layer_decay**top
        decays = parameter.ndim > 1
        groups.append({"params": [parameter], "lr": rate, "weight_decay": recipe.weight_decay if decays else 0.0})
    return groups


def _warm_up_then_fall(steps: int, warmup: float) -> Callable[[int], float]:
    """Linear warm-up over a share of all steps, then a linear fall to zero."""
    warm = max(1, round(steps * warmup))

    def factor(step: int) -> float:
        return (step + 1) / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))

    return factor
