"""A classifier whose verdicts a test can foresee: the words decide. For tests of what stands around the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from models.classifier import Judgement, Thresholds
from schemas.labels import GRADES, LABELS

WORDS = {"dealing": "intel", "help": "help_request", "useless": "complaint"}


class KeywordClassifier:
    model = "keywords@1"
    thresholds = Thresholds(flag=0.5, also=0.5, unsure=0.4, immediate=0.5)

    def __init__(self, activation: int = 1) -> None:
        self.activation = activation
        self.judged: list[str] = []

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        self.judged += texts
        return [self._judge(text) for text in texts]

    def judge_as_ready(self, texts: Sequence[str]) -> Iterator[tuple[int, Judgement]]:
        """The last text first: any order is allowed."""
        yield from reversed(list(enumerate(self.judge(texts))))

    def _judge(self, text: str) -> Judgement:
        label = next((label for word, label in WORDS.items() if word in text.lower()), "chatter")
        spans = [match.span() for match in re.finditer(r"\w+", text)]
        shares = np.zeros((len(spans), len(LABELS)), dtype=np.float32)
        for row, (start, end) in enumerate(spans):
            if (found := WORDS.get(text[start:end].lower())) is not None:
                shares[row, LABELS.index(found)] = 1.0
        urgent = 0.8 if label != "chatter" and "now" in text.lower() else 0.1
        return Judgement(
            scores={one: 0.85 if one == label else 0.05 for one in LABELS},
            grades=dict(zip(GRADES, (urgent, (1 - urgent) / 3, 2 * (1 - urgent) / 3), strict=True)),
            holds={one: 0.9 if word in text.lower() else 0.05 for word, one in WORDS.items()},
            shares=shares,
            spans=spans,
        )
