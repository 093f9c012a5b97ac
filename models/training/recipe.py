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
    base: str
    layers: Annotated[int, Meta(ge=1)] | None = None
    """Keep so many of the base's layers, evenly spaced; all of them without it."""
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
    also_weight: Annotated[float, Meta(ge=0)]
    balance: bool = False
    runs: Annotated[int, Meta(ge=1)] = 1
    """Trainings from the same start in another order, whose weights are averaged."""
    average: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    r_drop: Annotated[float, Meta(ge=0)] = 0.0

    teachers: list[str] = []
    """Recipes beside this one whose models teach this one."""
    distil_weight: Share = 0.0
    distil_temperature: Positive = 2.0

    strip_punctuation: Share
    strip_handles: Share
    strip_links: Share
    strip_emoji: Share
    strip_all: Share
    mask: Share
    typos: Share
    lower: Share
    shout: Share

    quantise_on: Annotated[int, Meta(ge=1)]
    train_on: Annotated[int, Meta(ge=16)] | None = None
    judge_on: Annotated[int, Meta(ge=16)] | None = None
    """At most this many posts are trained on and, of each other set, judged; for a quick run."""


def read_recipe(path: Path) -> Recipe:
    """Raises `msgspec.ValidationError` naming the wrong field."""
    return msgspec.toml.decode(path.read_bytes(), type=Recipe)


def teachers_of(recipe: Recipe) -> list[Recipe]:
    """The recipes of its teachers. Raises OSError or `msgspec.ValidationError` where one is not to be read."""
    return [read_recipe(RELEASE.with_name(name)) for name in recipe.teachers]
