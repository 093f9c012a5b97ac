"""The corpus: reading it, and splitting it by theme."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from models.training.recipe import Recipe
from schemas.labels import Flagged, Grade, Label

CORPUS: Final = Path(__file__).parents[1] / "corpus"
SPLIT: Final = Path(__file__).with_name("split.toml")


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One labelled post. ``grade`` is None exactly for chatter. ``round`` is the round of writing that it came from."""

    id: str
    text: str
    label: Label
    also: list[Flagged]
    grade: Grade | None
    theme: str
    writer: str
    round: int


class Split(Struct, frozen=True, forbid_unknown_fields=True):
    """Which themes are kept out of training, and what for. See split.toml."""

    test_writers: list[str]
    test_themes: list[str]
    dev_themes: list[str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows by use. No theme is in two of them."""

    train: list[Row]
    dev: list[Row]
    test_themes: list[Row]
    """New themes by writers who also wrote for training."""
    test_writers: list[Row]
    """New themes by writers of whom nothing is in training."""

    @property
    def test(self) -> list[Row]:
        return [*self.test_themes, *self.test_writers]


def read_corpus(folder: Path = CORPUS) -> list[Row]:
    """All rows, theme files in order of name. Raises `msgspec.ValidationError` on a row that is none."""
    decoder = msgspec.json.Decoder(Row)
    return [row for path in sorted(folder.glob("*.jsonl")) for row in decoder.decode_lines(path.read_bytes())]


def corpus_sha256(folder: Path = CORPUS) -> str:
    """Of all theme files, their names and the split: what a training saw."""
    digest = hashlib.sha256(SPLIT.read_bytes())
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def split(rows: Sequence[Row], plan: Split | None = None) -> Dataset:
    """Raises ValueError when the plan names a theme that the corpus has not."""
    plan = plan or msgspec.toml.decode(SPLIT.read_bytes(), type=Split)
    unknown = {*plan.test_themes, *plan.dev_themes} - {row.theme for row in rows}
    if unknown:
        raise ValueError(f"the split names themes that the corpus has not: {', '.join(sorted(unknown))}")
    data = Dataset([], [], [], [])
    for row in rows:
        if row.writer in plan.test_writers:
            data.test_writers.append(row)
        elif row.theme in plan.test_themes:
            data.test_themes.append(row)
        elif row.theme in plan.dev_themes:
            data.dev.append(row)
        else:
            data.train.append(row)
    return data


def thin(data: Dataset, recipe: Recipe) -> Dataset:
    """As few rows as the recipe asks for, spread evenly over each set, so that labels and themes keep their shares."""
    judged = (_spread(rows, recipe.judge_on) for rows in (data.dev, data.test_themes, data.test_writers))
    return Dataset(_spread(data.train, recipe.train_on), *judged)


def _spread(rows: list[Row], most: int | None) -> list[Row]:
    if most is None or len(rows) <= most:
        return rows
    return [rows[int(place * len(rows) / most)] for place in range(most)]
