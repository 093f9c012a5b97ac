"""Posts beside the verdicts that the pipeline would give them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from models.evaluation.arrays import Bools, Floats, Integers
from pipeline.classify.judge import Judge
from pipeline.errors import ModelRefused
from pipeline.evaluation.posts import LabelledPost
from pipeline.settings import Settings
from schemas.labels import LABELS, Label
from schemas.verdict import Verdict

BATCH: Final = 256
LEAST_THEMES: Final = 10
"""With fewer themes than these, posts are drawn for intervals: a handful of groups says nothing of how figures vary."""

Drawn = Literal["posts", "themes"]
"""What a bootstrap draws."""

Progress = Callable[[int], None]
"""Told how many posts were judged since it was last told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``verdicts[i]`` is on ``posts[i]``. Arrays have an entry a post; labels are places in `LABELS`."""

    posts: Sequence[LabelledPost]
    verdicts: Sequence[Verdict]

    @property
    def truth(self) -> Integers:
        return _places([post.label for post in self.posts])

    @property
    def decided(self) -> Integers:
        return _places([verdict.label for verdict in self.verdicts])

    @property
    def highest(self) -> Integers:
        """The label with the highest probability, before thresholds."""
        return _places([by_score(verdict) for verdict in self.verdicts])

    @property
    def scores(self) -> Floats:
        """(posts, labels)"""
        return np.array([[getattr(verdict.scores, label) for label in LABELS] for verdict in self.verdicts])

    @property
    def immediate(self) -> Bools:
        """Whether each was graded immediate."""
        return np.array([verdict.grade == "immediate" for verdict in self.verdicts], dtype=np.bool_)


def judge_of(folder: Path, settings: Settings) -> Judge:
    """The judge with the model in ``folder``, else as the pipeline's. Raises `ModelRefused`."""
    try:
        return Judge.load(settings.model_copy(update={"model": folder}))
    except ModelRefused as error:
        if folder == settings.model:
            raise
        raise ModelRefused(error.message, "Name a folder that `flagpost models list` shows.") from None


def judged(judge: Judge, texts: Sequence[str], progress: Progress = lambda _: None) -> list[Verdict]:
    """The verdicts on ``texts``, a batch at a time. Raises `ModelRefused` when the model yields no numbers."""
    verdicts: list[Verdict] = []
    for start in range(0, len(texts), BATCH):
        verdicts += verdicts_on(judge, texts[start : start + BATCH])
        progress(len(verdicts) - start)
    return verdicts


def verdicts_on(judge: Judge, batch: Sequence[str]) -> list[Verdict]:
    """Raises `ModelRefused` when the model yields no numbers."""
    try:
        return judge.verdicts(batch)
    except ValueError as error:
        raise ModelRefused(
            f"The model {judge.classifier.model} can't be judged: {error}.", "Use another model."
        ) from None


def by_score(verdict: Verdict) -> Label:
    """The label with the highest probability, whatever the thresholds made of it."""
    return max(LABELS, key=lambda label: getattr(verdict.scores, label))


def groups(posts: Sequence[LabelledPost]) -> tuple[Integers, Drawn]:
    """Whom each post is drawn with for intervals, and what that is in words: its theme, where there are enough.

    A post without a theme is drawn alone.
    """
    themes = {theme: number for number, theme in enumerate(dict.fromkeys(post.theme for post in posts if post.theme))}
    if len(themes) < LEAST_THEMES:
        return np.arange(len(posts)), "posts"
    drawn = [themes[post.theme] if post.theme else len(themes) + place for place, post in enumerate(posts)]
    return np.array(drawn, dtype=np.int64), "themes"


def _places(labels: Sequence[Label]) -> Integers:
    return np.array([LABELS.index(label) for label in labels], dtype=np.int64)
