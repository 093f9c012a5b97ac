"""How a model is trained: every number that is a choice, read from a TOML file and recorded in the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

RELEASE: Final = Path(__file__).with_name("recipe.toml")
QUICK: Final = Path(__file__).with_name("recipe_quick.toml")

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Recipe(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See recipe.toml for why each value was chosen."""

    name: str
    version: str
    seed: int
    max_tokens: Annotated[int, Meta(ge=16, le=512)]

    epochs: Positive
    batch: Annotated[int, Meta(ge=1)]
    learning_rate: Positive
    head_learning_rate: Positive
    layer_decay: Annotated[float, Meta(gt=0, le=1)]
    weight_decay: Annotated[float, Meta(ge=0)]
    warmup: Share
    dropout: Share
    label_smoothing: Share
    also_share: Share
    grade_weight: Annotated[float, Meta(ge=0)]

    strip_punctuation: Share
    strip_handles: Share
    strip_links: Share
    strip_emoji: Share

    quantise_on: Annotated[int, Meta(ge=1)]
    train_on: Annotated[int, Meta(ge=16)] | None = None
    judge_on: Annotated[int, Meta(ge=16)] | None = None
    """At most this many posts are trained on and, of each other set, judged; for a quick run."""


def read_recipe(path: Path) -> Recipe:
    """Raises `msgspec.ValidationError` naming the wrong field."""
    return msgspec.toml.decode(path.read_bytes(), type=Recipe)
