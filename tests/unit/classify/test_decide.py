from __future__ import annotations

import numpy as np
import pytest

from models.classifier import Judgement
from pipeline.classify.decide import decide
from pipeline.classify.prepare import prepare
from schemas.labels import GRADES, LABELS
from schemas.verdict import Verdict
from tests.doubles.keyword_classifier import KeywordClassifier


def verdict(scores: tuple[float, ...], grades: tuple[float, ...] = (0.1, 0.2, 0.7)) -> Verdict:
    judgement = Judgement(
        scores=dict(zip(LABELS, scores, strict=True)),
        grades=dict(zip(GRADES, grades, strict=True)),
        shares=np.zeros((0, 4), dtype=np.float32),
        spans=[],
    )
    return decide(judgement, prepare("some text"), KeywordClassifier())


def test_the_most_probable_label_wins() -> None:
    assert verdict((0.1, 0.7, 0.1, 0.1)).label == "help_request"


def test_other_flagged_labels_from_the_threshold_on_come_along() -> None:
    assert verdict((0.25, 0.5, 0.2, 0.05)).also == ["intel", "complaint"]
    assert verdict((0.19, 0.6, 0.19, 0.02)).also == []


def test_chatter_has_no_grade_and_no_also() -> None:
    one = verdict((0.3, 0.1, 0.1, 0.5))
    assert (one.label, one.grade, one.also) == ("chatter", None, [])


def test_unsure_chatter_is_flagged_with_its_best_flagged_label() -> None:
    one = verdict((0.15, 0.2, 0.3, 0.35))
    assert (one.label, one.unsure) == ("complaint", True)


def test_a_confident_verdict_is_not_unsure() -> None:
    assert not verdict((0.9, 0.05, 0.03, 0.02)).unsure


@pytest.mark.parametrize(
    ("grades", "grade"),
    [((0.5, 0.3, 0.2), "immediate"), ((0.49, 0.3, 0.21), "prompt"), ((0.1, 0.4, 0.5), "routine")],
)
def test_immediate_has_a_threshold_and_the_others_are_compared(grades: tuple[float, ...], grade: str) -> None:
    assert verdict((0.1, 0.7, 0.1, 0.1), grades).grade == grade
