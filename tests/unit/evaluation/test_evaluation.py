"""What is reported is what the pipeline would decide, counted; by score beside it."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from models.classifier import Thresholds
from models.evaluation.estimate import Estimate
from pipeline.evaluation.evaluation import Evaluation, evaluate
from pipeline.evaluation.judging import Judged, groups
from pipeline.evaluation.posts import LabelledPost
from schemas.labels import LABELS, Label
from schemas.verdict import Scores, Verdict
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.unit.evaluation.posts import judge, labelled, post

POSTS = (
    post("dealing by the pier", "intel", "routine", line=1),
    post("help me now", "help_request", "immediate", line=2),
    post("help", "help_request", "immediate", line=3),
    post("useless lot, dealing goes on", "complaint", "routine", line=4),
    post("lovely day", "chatter", line=5),
    post("useless referee now", "chatter", line=6),
)


def of(*posts: LabelledPost, columns: tuple[str, ...] = ("text", "label"), most: int = 20) -> Evaluation:
    return evaluate(labelled(*posts, columns=columns), judge(*posts), most)


def verdict(label: Label, scores: tuple[float, float, float, float]) -> Verdict:
    return Verdict(label=label, scores=Scores(*scores), model="m@1", activation=1)


def test_the_figures_are_counted_by_hand() -> None:
    """Keywords: the first of dealing, help and useless decides; so post 4 is intel and post 6 a complaint."""
    found = of(*POSTS).decided

    assert found.accuracy.value == pytest.approx(4 / 6, abs=1e-4)
    assert found.flagged_recall.value == 1
    assert found.chatter_flagged.value == 0.5
    assert found.precision_in_life.value == pytest.approx(0.3 / (0.3 + 0.35), abs=1e-4)
    assert found.labels["intel"].precision.value == 0.5
    assert found.labels["intel"].recall.value == 1
    assert found.labels["complaint"].f1.value == 0
    assert found.macro_f1.value == pytest.approx((2 / 3 + 1 + 0 + 2 / 3) / 4, abs=1e-4)
    assert found.confusion == [[1, 0, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]]


def test_immediate_is_counted_over_graded_posts_and_chatter() -> None:
    found = of(*POSTS, columns=("text", "label", "grade")).immediate

    assert found is not None
    assert found.posts == 2
    assert (found.recall.value, found.precision.value, found.false_rate.value) == (0.5, 0.5, 0.25)


def test_a_post_without_a_grade_counts_neither_way() -> None:
    ungraded = [post("help now", "help_request", None, line=7)]

    assert of(*POSTS, *ungraded, columns=("text", "label", "grade")).immediate == msgspec.structs.replace(
        of(*POSTS, columns=("text", "label", "grade")).immediate  # type: ignore[type-var]
    )


def test_grades_are_left_out_where_there_are_none() -> None:
    assert of(*POSTS).immediate is None
    assert of(post("help", "help_request"), columns=("text", "label", "grade")).immediate is None


def test_other_labels_are_counted_over_pairs_and_accepted_as_labels() -> None:
    """The verdict on this post is intel, which is among the post's others."""
    found = of(post("dealing, useless", "complaint", also=["intel"]), columns=("text", "label", "also")).also

    assert found is not None
    assert (found.labels, found.recall.value) == (1, 0)
    assert found.accepted.value == 1


def test_as_decided_and_by_score_are_told_apart() -> None:
    posts = (post("a", "intel", line=1), post("b", "chatter", line=2))
    verdicts = [verdict("intel", (0.4, 0, 0, 0.6)), verdict("chatter", (0.1, 0, 0, 0.9))]

    found = evaluate(labelled(*posts), Judged(posts, verdicts), 20)

    assert found.differ == 1
    assert found.decided.accuracy.value == 1
    assert found.highest.accuracy.value == 0.5
    assert found.mistakes == 0


def test_labels_that_do_not_occur_are_not_in_the_macro_f1() -> None:
    found = of(post("lovely", "chatter", line=1), post("lovely day", "chatter", line=2)).decided

    assert found.macro_f1 == Estimate(1.0)
    assert found.labels["intel"].f1 == Estimate(None)
    assert found.kappa == Estimate(None)
    assert found.flagged_recall == Estimate(None)


def test_a_stream_of_one_class_has_no_figures_in_life() -> None:
    found = of(post("lovely", "chatter"))

    assert found.ece_in_life is None
    assert found.decided.precision_in_life == Estimate(None)
    assert found.curves == dict.fromkeys(LABELS)


def test_weighting_to_life_changes_nothing_where_chatter_has_its_share() -> None:
    posts = [post("lovely", "chatter", line=line) for line in range(7)] + [post("lovely", "intel", line=9)] * 3
    found = of(*posts)

    assert found.ece_in_life == pytest.approx(found.ece)


def test_an_interval_holds_its_figure() -> None:
    found = of(*POSTS * 20).decided

    for one in (found.macro_f1, found.accuracy, found.kappa, found.chatter_flagged, found.precision_in_life):
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.value < one.high


def test_what_was_never_wrong_has_wilsons_interval() -> None:
    assert of(*POSTS).decided.flagged_recall == Estimate(1.0, 0.5101, 1.0)


def test_whole_themes_are_drawn_where_there_are_enough() -> None:
    few = [post("a", "chatter", theme=f"theme {number % 9}") for number in range(90)]
    enough = [post("a", "chatter", theme=f"theme {number % 10}") for number in range(90)]

    assert groups(few)[1] == "posts"
    assert len(set(groups(few)[0].tolist())) == 90
    assert groups(enough)[1] == "themes"
    assert len(set(groups(enough)[0].tolist())) == 10


def test_mistakes_are_the_most_confident_first_with_their_reasons() -> None:
    posts = [post(text, "intel", line=line) for line, text in enumerate("abc", start=1)]
    verdicts = [verdict("chatter", (0.1, 0, 0, 0.9 - place / 10)) for place in range(2)] + [
        verdict("chatter", (0, 0, 0, 1))
    ]

    found = evaluate(labelled(*posts), Judged(posts, verdicts), 2)

    assert found.mistakes == 3
    assert [one.line for one in found.most_confident_mistakes] == [3, 1]
    wrong = of(*POSTS).most_confident_mistakes[0]
    assert (wrong.line, wrong.true, wrong.decided) == (4, "complaint", "intel")
    assert wrong.text[wrong.reasons[0].start : wrong.reasons[0].end] == "dealing"


def test_slices_are_by_length_source_and_theme() -> None:
    posts = (
        post("help", "help_request", source="x", theme="a"),
        post("lovely " * 6, "chatter", source="x", theme="a"),
        post("useless " * 40, "chatter", source="y", theme="a"),
    )

    found = [(one.by, one.name, one.posts, one.accuracy.value, one.chatter_flagged) for one in of(*posts).slices]

    assert found == [
        ("length", "up to 5 words", 1, 1.0, None),
        ("length", "6 to 15 words", 1, 1.0, 0.0),
        ("length", "more than 30 words", 1, 0.0, 1.0),
        ("source", "x", 2, 1.0, 0.0),
        ("source", "y", 1, 0.0, 1.0),
    ]


def test_what_is_judged_is_what_the_classifier_decides() -> None:
    """The thresholds of the model, not those of this report, make a verdict."""

    class Doubtful(KeywordClassifier):
        model = "doubtful@1"
        thresholds = Thresholds(
            **{name: 0.99 if name in ("unsure", "also", "immediate") else 0.01 for name in Thresholds.__slots__}
        )

    one = post("lovely", "chatter")
    (found,) = judge(one, classifier=Doubtful()).verdicts

    assert found.model == "doubtful@1"
    assert found.thresholds["unsure"] == 0.99


def test_the_evaluation_is_json_and_holds_no_nan() -> None:
    encoded = msgspec.json.encode(of(*POSTS, columns=("text", "label", "grade", "also")))

    def numbers(value: object) -> list[float]:
        if isinstance(value, dict):
            return [number for one in value.values() for number in numbers(one)]
        if isinstance(value, list):
            return [number for one in value for number in numbers(one)]
        return [float(value)] if isinstance(value, int | float) else []

    assert all(math.isfinite(number) for number in numbers(msgspec.json.decode(encoded)))
    assert msgspec.json.decode(encoded, type=Evaluation).posts == len(POSTS)


def test_arrays_of_the_judged_are_in_the_order_of_the_posts() -> None:
    found = judge(*POSTS)

    assert found.truth.tolist() == [0, 1, 1, 2, 3, 3]
    assert found.scores.shape == (6, 4)
    assert np.allclose(found.scores.sum(axis=1), 1)
    assert found.immediate.tolist() == [False, True, False, False, False, True]
