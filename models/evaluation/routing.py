"""What the pipeline would make of scores, for many posts at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.classifier import Thresholds
from models.evaluation.arrays import Bools, Floats, Integers
from models.evaluation.labelled import Labelled
from models.language import has_words, other_language
from models.prepare import prepare
from schemas.labels import FLAGGED, GRADES, LABELS


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows and their logits: ``labels`` (rows, 4), ``grades`` (rows, 3), ``holds`` (rows, 3)."""

    rows: Sequence[Labelled]
    labels: NDArray[np.float32]
    grades: NDArray[np.float32]
    holds: NDArray[np.float32]

    def part(self, places: Sequence[int]) -> Scored:
        """Some of the rows."""
        chosen = list(places)
        rows = [self.rows[place] for place in chosen]
        return Scored(rows, self.labels[chosen], self.grades[chosen], self.holds[chosen])

    @property
    def readable(self) -> Bools:
        """(rows,): whether the model may read the text at all: it has words, and is not surely in another language."""
        texts = [prepare(row.text).text for row in self.rows]
        return np.array([has_words(text) and other_language(text) is None for text in texts], dtype=np.bool_)

    @property
    def truth(self) -> Integers:
        return np.array([LABELS.index(row.label) for row in self.rows], dtype=np.int64)

    @property
    def held(self) -> Bools:
        """(rows, 3): whether the row's label or one of its ``also`` is that flagged label."""
        held = [[one == row.label or one in row.also for one in FLAGGED] for row in self.rows]
        return np.array(held, dtype=np.bool_)

    @property
    def ordinary(self) -> Bools:
        """(rows,): chatter, and what is routine. A prompt post that is taken for immediate is no ordinary one."""
        return np.array([row.grade not in ("immediate", "prompt") for row in self.rows], dtype=np.bool_)

    @property
    def immediate(self) -> Bools:
        return np.array([row.grade == "immediate" for row in self.rows], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Routed:
    """What `pipeline.classify.decide` makes of scores, for many posts at once. A test holds the two together."""

    label: Integers
    also: Bools
    unsure: Bools
    immediate: Bools

    @property
    def flagged(self) -> Bools:
        flagged: Bools = self.label != LABELS.index("chatter")
        return flagged


def route(
    scores: Floats, grades: Floats, holds: Floats, thresholds: Thresholds, readable: Bools | None = None
) -> Routed:
    """See `pipeline.classify.decide` for the rules. ``readable`` says which texts have words and are not surely foreign."""
    chatter = LABELS.index("chatter")
    read = np.ones(len(scores), dtype=np.bool_) if readable is None else readable
    danger = grades[:, GRADES.index("immediate")]
    flagged = read & (np.maximum(1 - scores[:, chatter], danger) >= thresholds.flag)
    immediate = flagged & (danger >= thresholds.immediate)
    label = np.where(flagged, scores[:, : len(FLAGGED)].argmax(axis=1), chatter)
    also = (holds >= thresholds.also) & flagged[:, None] & (np.arange(len(FLAGGED)) != label[:, None])
    unsure = flagged & (scores[np.arange(len(label)), label] < thresholds.unsure)
    return Routed(label, also, unsure, immediate)
