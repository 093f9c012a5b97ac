"""Thresholds are chosen with the rules that the pipeline follows; the two are written apart and must agree."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.classifier import Judgement, Thresholds
from models.costs import COSTS
from models.evaluation.figures import calibration_error
from models.evaluation.prevalence import weights_of_life
from models.evaluation.routing import Scored, route
from models.prepare import prepare
from models.training.calibrate import fit
from models.training.dataset import Row
from pipeline.classify.decide import decide
from schemas.labels import FLAGGED, GRADES, LABELS
from tests.doubles.keyword_classifier import KeywordClassifier

probability = st.integers(1, 99).map(lambda hundredths: hundredths / 100)


def parts(count: int) -> st.SearchStrategy[list[float]]:
    """Probabilities without ties that add up to 1."""
    weights = st.lists(st.integers(1, 1_000), min_size=count, max_size=count, unique=True)
    return weights.map(lambda chosen: [weight / sum(chosen) for weight in chosen])


@given(
    parts(len(LABELS)), parts(len(GRADES)), st.tuples(*[probability] * 3), st.tuples(*[probability] * 4), st.booleans()
)
def test_routing_is_what_the_pipeline_decides(
    scores: list[float],
    grades: list[float],
    holds: tuple[float, ...],
    thresholds: tuple[float, float, float, float],
    english: bool,
) -> None:
    classifier = KeywordClassifier()
    classifier.thresholds = Thresholds(*thresholds)
    judgement = Judgement(
        dict(zip(LABELS, scores, strict=True)),
        dict(zip(GRADES, grades, strict=True)),
        dict(zip(FLAGGED, holds, strict=True)),
        np.zeros((0, len(LABELS))),
        [],
    )

    verdict = decide(judgement, prepare("text"), classifier, None if english else "pl")
    routed = route(
        np.array([scores]), np.array([grades]), np.array([holds]), classifier.thresholds, np.array([english])
    )

    assert LABELS[routed.label[0]] == verdict.label
    assert [one for one, is_also in zip(FLAGGED, routed.also[0], strict=True) if is_also] == verdict.also
    assert bool(routed.unsure[0]) == verdict.unsure
    assert bool(routed.immediate[0]) == (verdict.grade == "immediate")


def scored(truth: list[tuple[int, int | None]], labels: np.ndarray, grades: np.ndarray) -> Scored:
    rows = [
        Row(str(place), "text", LABELS[label], [], None if grade is None else GRADES[grade], "theme", "a", 1)
        for place, (label, grade) in enumerate(truth)
    ]
    holds = np.zeros((len(rows), len(FLAGGED)), dtype=np.float32)
    return Scored(rows, labels.astype(np.float32), grades.astype(np.float32), holds)


def a_mixed_set(posts: int = 800) -> Scored:
    """A model that is right seven times in ten and sure ten times in ten, on a set with as many posts of each label."""
    chance = np.random.default_rng(0)
    truth = chance.integers(0, 4, posts)
    seen = np.where(chance.random(posts) < 0.3, chance.integers(0, 4, posts), truth)
    rows = [(int(label), None if label == 3 else 2) for label in truth]
    return scored(rows, 8.0 * np.eye(4)[seen], np.zeros((posts, 3)))


def test_an_overconfident_model_gets_a_temperature_above_one() -> None:
    calibration, _ = fit(a_mixed_set())

    assert calibration.labels > 2


def test_probabilities_are_calibrated_for_a_stream_of_mostly_chatter() -> None:
    dev = a_mixed_set()

    calibration, _ = fit(dev)
    scores = calibration.of_labels(dev.labels)

    assert calibration_error(scores, dev.truth, weights_of_life(dev.truth)) <= 0.03
    assert calibration_error(scores, dev.truth) > 0.05


def test_unsure_keeps_to_its_share_of_a_real_stream() -> None:
    dev = a_mixed_set()

    calibration, thresholds = fit(dev)
    holds = calibration.of_holds(dev.holds)
    routed = route(calibration.of_labels(dev.labels), calibration.of_grades(dev.grades), holds, thresholds)

    assert weights_of_life(dev.truth)[routed.unsure].sum() <= COSTS.most_unsure * len(dev.rows)


def test_a_missed_danger_is_dearer_than_a_needless_page() -> None:
    """One immediate post that the model hardly believes in: the threshold goes below its probability."""
    truth: list[tuple[int, int | None]] = [(1, 0)] + [(1, 2)] * 10 + [(3, None)] * 30
    labels = np.array([[0.0, 9.0, 0.0, 0.0]] * 11 + [[0.0, 0.0, 0.0, 9.0]] * 30)
    grades = np.tile([0.0, 0.0, 3.0], (41, 1))
    grades[0] = [1.5, 0.0, 2.5]

    _, thresholds = fit(scored(truth, labels, grades))

    assert thresholds.immediate < 0.5
