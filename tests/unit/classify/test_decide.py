from __future__ import annotations

import numpy as np
import pytest

from models.classifier import Judgement
from models.prepare import prepare
from pipeline.classify.decide import decide
from schemas.labels import FLAGGED, GRADES, LABELS
from schemas.verdict import Verdict
from tests.doubles.keyword_classifier import KeywordClassifier


def verdict(
    scores: tuple[float, ...],
    grades: tuple[float, ...] = (0.1, 0.2, 0.7),
    holds: tuple[float, ...] = (0.0, 0.0, 0.0),
    language: str | None = None,
    text: str = "some text",
) -> Verdict:
    judgement = Judgement(
        scores=dict(zip(LABELS, scores, strict=True)),
        grades=dict(zip(GRADES, grades, strict=True)),
        holds=dict(zip(FLAGGED, holds, strict=True)),
        shares=np.zeros((0, 4), dtype=np.float32),
        spans=[],
    )
    return decide(judgement, prepare(text), KeywordClassifier(), language)


def test_the_most_probable_label_wins() -> None:
    assert verdict((0.1, 0.7, 0.1, 0.1)).label == "help_request"


def test_what_a_post_holds_besides_its_label_comes_along() -> None:
    assert verdict((0.25, 0.5, 0.2, 0.05), holds=(0.5, 0.9, 0.6)).also == ["intel", "complaint"]
    assert verdict((0.19, 0.6, 0.19, 0.02), holds=(0.49, 0.9, 0.1)).also == []


def test_chatter_has_no_grade_and_no_also() -> None:
    one = verdict((0.2, 0.1, 0.1, 0.6), holds=(0.9, 0.9, 0.9))
    assert (one.label, one.grade, one.also) == ("chatter", None, [])


def test_a_post_is_flagged_when_its_flagged_labels_are_probable_together() -> None:
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


def test_a_danger_that_is_there_now_is_never_dropped_as_chatter() -> None:
    one = verdict((0.05, 0.1, 0.05, 0.8), grades=(0.6, 0.2, 0.2))
    assert (one.label, one.grade, one.unsure) == ("help_request", "immediate", True)


@pytest.mark.parametrize(
    ("label", "explain_chatter", "told"),
    [("chatter", True, True), ("chatter", False, False), ("intel", False, True)],
)
def test_what_is_flagged_is_always_explained_and_chatter_where_it_is_wanted(
    label: str, explain_chatter: bool, told: bool
) -> None:
    judgement = Judgement(
        scores={one: float(one == label) for one in LABELS},
        grades=dict.fromkeys(GRADES, 0.1),
        holds=dict.fromkeys(FLAGGED, 0.0),
        shares=np.ones((2, 4), dtype=np.float32),
        spans=[(0, 6), (7, 13)],
    )
    one = decide(judgement, prepare("lovely sunset"), KeywordClassifier(), None, explain_chatter)
    assert (one.label, bool(one.reasons)) == (label, told)


def test_what_is_not_in_english_is_chatter_and_says_so() -> None:
    one = verdict((0.1, 0.8, 0.05, 0.05), grades=(0.9, 0.05, 0.05), language="pl")
    assert (one.label, one.grade, one.language, one.reasons) == ("chatter", None, "pl", [])


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b\u200b", "👍", "@CityPolice", "https://t.co/x1", "@CityPolice https://t.co/x1", "?!"]
)
def test_nothing_to_read_is_chatter_whatever_the_model_says_of_it(text: str) -> None:
    one = verdict((0.1, 0.8, 0.05, 0.05), grades=(0.9, 0.05, 0.05), text=text)
    assert (one.label, one.grade) == ("chatter", None)
