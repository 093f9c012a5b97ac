"""What judges a text: the protocol that stages see, whatever runs behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.labels import Flagged, Grade, Label


class UnusableModel(Exception):
    """The released model can't be used: a file is missing or altered, or it does not fit this version of flagpost.

    The message is one sentence for an operator.
    """


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where probabilities turn into decisions. They belong to the model: they were chosen on its held-out scores."""

    flag: float
    """A post is flagged from this probability on that it is not chatter, or that somebody is in danger now."""
    also: float
    """A flagged label other than the primary one is added to ``also`` from this probability on that the post holds it."""
    unsure: float
    """A flagged post whose label has less than this probability is marked unsure."""
    immediate: float
    """A flagged post is graded immediate from this probability on: a missed danger costs more than a false page."""

    def as_dict(self) -> dict[str, float]:
        return {"flag": self.flag, "also": self.also, "unsure": self.unsure, "immediate": self.immediate}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model says of one text.

    ``scores`` and ``grades`` are calibrated probabilities and add up to 1 each; ``holds`` are independent ones: that the
    post holds something of the label, be it its primary label or not. ``shares`` has shape (tokens, labels), in the order
    of `schemas.labels.LABELS`: token t's exact share of each label's logit, so that a column's sum plus the label's bias is
    the logit. ``spans`` has the first character and one past the last of each token in the text judged. Of a text in
    several windows these are the tokens of the window that its scores come from.
    """

    scores: Mapping[Label, float]
    grades: Mapping[Grade, float]
    holds: Mapping[Flagged, float]
    shares: NDArray[np.float32]
    spans: Sequence[tuple[int, int]]


class Classifier(Protocol):
    """Judges texts. An implementation is used from one thread at a time and must not keep texts."""

    model: str
    """name@version"""
    activation: int
    """Ordinal of this activation; it rises on every promote and every rollback."""
    thresholds: Thresholds

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement for each text, in order. Blocks. A text beyond the model's length is judged window by window, and by
        the window that says the most: what matters in it does not matter less for standing beside something else.

        Raises ValueError when the model yields a score that is not a number.
        """
        ...

    def judge_as_ready(self, texts: Sequence[str]) -> Iterator[tuple[int, Judgement]]:
        """What `judge` gives, each with its text's position as soon as it is there, in any order.

        The model goes on computing while the caller works on a judgement. Must be exhausted before the next call.
        """
        ...


def load(folder: Path, threads: int = 0) -> Classifier:
    """The released model in ``folder``, its files checked against the manifest. ``threads`` 0: one a core.

    Raises `UnusableModel`.
    """
    from models.manifest import read_manifest
    from models.openvino_classifier import OpenVinoClassifier

    return OpenVinoClassifier(folder, read_manifest(folder), threads)
