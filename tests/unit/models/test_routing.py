"""Thresholds are chosen with the rules that the pipeline follows; the two are written apart and must agree."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.classifier import Judgement, Thresholds
from models.training.calibrate import Scored, fit, route
from models.training.dataset import Row
from pipeline.classify.decide import decide
from pipeline.classify.prepare import prepare
from schemas.labels import FLAGGED, GRADES, LABELS
from tests.doubles.keyword_classifier import KeywordClassifier

probability = st.integers(1, 99).map(lambda hundredths: hundredths / 100)


def parts(count: int) -> st.SearchStrategy[list[float]]:
    """Probabilities without ties that add up to 1."""
    weights = st.lists(st.integers(1, 1_000), min_size=count, max_size=count, unique=True)
    return weights.map(lambda chosen: [weight / sum(chosen) for weight in chosen])


@given(parts(len(LABELS)), parts(len(GRADES)), probability, probability, probability)
def test_routing_is_what_the_pipeline_decides(
    scores: list[float], grades: list[float], also: float, unsure: float, immediate: float
) -> None:
    classifier = KeywordClassifier()
    classifier.thresholds = Thresholds(also, unsure, immediate)
    judgement = Judgement(
        dict(zip(LABELS, scores, strict=True)), dict(zip(GRADES, grades, strict=True)), np.zeros((0, len(LABELS))), []
    )

    verdict = decide(judgement, prepare("text"), classifier)
    routed = route(np.array([scores]), np.array([grades]), classifier.thresholds)

    assert LABELS[routed.label[0]] == verdict.label
    assert [one for one, is_also in zip(FLAGGED, routed.also[0], strict=True) if is_also] == verdict.also
    assert bool(routed.unsure[0]) == verdict.unsure
    assert bool(routed.immediate[0]) == (verdict.grade == "immediate")


def scored(truth: list[tuple[int, int | None]], labels: np.ndarray, grades: np.ndarray) -> Scored:
    rows = [
        Row(str(place), "text", LABELS[label], [], None if grade is None else GRADES[grade], "theme", "a", 1)
        for place, (label, grade) in enumerate(truth)
    ]
    return Scored(rows, labels.astype(np.float32), grades.astype(np.float32))


def test_an_overconfident_model_gets_a_temperature_above_one() -> None:
    chance = np.random.default_rng(0)
    truth = chance.integers(0, 4, 400)
    seen = np.where(chance.random(400) < 0.3, chance.integers(0, 4, 400), truth)
    labels = 8.0 * np.eye(4)[seen]
    rows = [(int(label), None if label == 3 else 2) for label in truth]

    temperatures, _ = fit(scored(rows, labels, np.zeros((400, 3))))

    assert temperatures.labels > 2


def test_a_missed_danger_is_dearer_than_a_needless_page() -> None:
    """One immediate post that the model hardly believes in: the threshold goes below its probability."""
    truth: list[tuple[int, int | None]] = [(1, 0)] + [(1, 2)] * 10
    labels = np.tile([0.0, 9.0, 0.0, 0.0], (11, 1))
    grades = np.tile([0.0, 0.0, 3.0], (11, 1))
    grades[0] = [1.5, 0.0, 2.5]

    _, thresholds = fit(scored(truth, labels, grades))

    assert thresholds.immediate < 0.5
    assert 0.4 <= thresholds.unsure <= 0.8
