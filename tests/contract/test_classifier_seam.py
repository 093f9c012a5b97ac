"""What every classifier promises, the released one and the tests' own alike."""

from __future__ import annotations

import numpy as np
import pytest

from models.classifier import Classifier, load
from pipeline.classify.judge import Judge
from pipeline.settings import Settings
from schemas import codec
from schemas.labels import GRADES, LABELS
from tests.doubles.keyword_classifier import KeywordClassifier

TEXTS = [
    "help",
    "",
    "🚓🚓",
    "lads dealing by the pier " * 60,
    "https://t.co/x",
    "useless lot @CityPolice",
    "안녕하세요",
]


@pytest.fixture(scope="module", params=["released", "keywords"])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return load(Settings().model, threads=1) if request.param == "released" else KeywordClassifier()


def test_one_judgement_for_each_text_in_order(classifier: Classifier) -> None:
    together = classifier.judge(TEXTS)
    assert len(together) == len(TEXTS)
    for text, judgement in zip(TEXTS, together, strict=True):
        (alone,) = classifier.judge([text])
        assert max(abs(alone.scores[label] - judgement.scores[label]) for label in LABELS) <= 0.02


def test_every_text_is_ready_once(classifier: Classifier) -> None:
    ready = list(classifier.judge_as_ready(TEXTS))
    assert sorted(position for position, _ in ready) == list(range(len(TEXTS)))
    together = classifier.judge(TEXTS)
    for position, judgement in ready:
        assert judgement.spans == together[position].spans


def test_a_caller_that_gives_up_leaves_nothing_behind(classifier: Classifier) -> None:
    ready = classifier.judge_as_ready(TEXTS * 20)
    next(ready)
    ready.close()
    assert len(classifier.judge(TEXTS[:1])) == 1


def test_no_texts_no_judgements(classifier: Classifier) -> None:
    assert classifier.judge([]) == []


def test_probabilities_add_up_to_one(classifier: Classifier) -> None:
    for judgement in classifier.judge(TEXTS):
        assert set(judgement.scores) == set(LABELS)
        assert set(judgement.grades) == set(GRADES)
        assert sum(judgement.scores.values()) == pytest.approx(1, abs=1e-3)
        assert sum(judgement.grades.values()) == pytest.approx(1, abs=1e-3)


def test_shares_belong_to_spans_of_the_text(classifier: Classifier) -> None:
    for text, judgement in zip(TEXTS, classifier.judge(TEXTS), strict=True):
        assert judgement.shares.shape == (len(judgement.spans), len(LABELS))
        assert np.isfinite(judgement.shares).all()
        assert all(0 <= start <= end <= len(text) for start, end in judgement.spans)


def test_its_verdicts_can_be_encoded(classifier: Classifier) -> None:
    judge = Judge(classifier)
    for text, verdict in zip(TEXTS, judge.verdicts(TEXTS), strict=True):
        assert codec.encode(verdict)
        assert all(text[reason.start : reason.end] == reason.text for reason in verdict.reasons)
