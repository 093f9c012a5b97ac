"""Two models are compared on the same posts and the same draws."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.classifier import Judgement
from pipeline.classify.judge import Judge
from pipeline.evaluation.comparison import Comparison, compare
from pipeline.evaluation.judging import BATCH, Judged
from pipeline.evaluation.posts import LabelledPost
from pipeline.evaluation.turns import judge_both
from schemas.labels import FLAGGED, LABELS, Label
from schemas.verdict import Scores, Verdict
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.unit.evaluation.posts import labelled, post


def verdicts(labels: Sequence[Label], model: str) -> list[Verdict]:
    return [
        Verdict(label=label, scores=Scores(**{one: float(one == label) for one in LABELS}), model=model, activation=1)
        for label in labels
    ]


def compared(truth: Sequence[Label], first: Sequence[Label], second: Sequence[Label]) -> Comparison:
    posts: list[LabelledPost] = [post(f"text {line}", label, line=line) for line, label in enumerate(truth, start=1)]
    return compare(
        labelled(*posts),
        Judged(posts, verdicts(first, "a@1")),
        Judged(posts, verdicts(second, "b@1")),
        ("a", "b"),
        (10.0, 20.0),
    )


TRUTH: list[Label] = ["intel", "intel", "help_request", "complaint", "chatter", "chatter"]


def test_changes_are_counted_by_from_to_and_by_what_became_of_them() -> None:
    found = compared(
        TRUTH,
        ["intel", "chatter", "help_request", "chatter", "chatter", "intel"],
        ["intel", "intel", "chatter", "intel", "chatter", "intel"],
    )

    assert (found.both_right, found.both_wrong, found.only_first_right, found.only_second_right) == (2, 2, 1, 1)
    assert found.mcnemar_p == 1
    assert [(one.before, one.after, one.posts, one.repaired, one.broken) for one in found.moves] == [
        ("chatter", "intel", 2, 1, 0),
        ("help_request", "chatter", 1, 0, 1),
    ]
    assert [(one.line, one.outcome) for one in found.changed] == [
        (3, "broken"),
        (2, "repaired"),
        (4, "wrong either way"),
    ]


def test_differences_are_the_second_less_the_first() -> None:
    found = compared(TRUTH, ["chatter"] * 6, TRUTH)

    assert found.difference.accuracy.value == pytest.approx(4 / 6, abs=1e-4)
    assert found.difference.flagged_recall.value == 1
    assert found.difference.chatter_flagged.value == 0
    assert found.first.flagged_recall.value == 0
    assert found.second.macro_f1.value == 1
    assert found.mcnemar_p == pytest.approx(2 / 2**4)


def test_a_model_does_not_differ_from_itself() -> None:
    found = compared(TRUTH * 10, ["chatter", "intel"] * 30, ["chatter", "intel"] * 30)

    assert found.changed == []
    assert found.difference.macro_f1.value == 0
    assert found.difference.macro_f1.low is None
    assert found.mcnemar_p == 1


def test_pairing_makes_the_interval_narrower_than_the_models_own() -> None:
    """Where both fail on the same posts, draws move both alike."""
    truth: list[Label] = ["chatter", "intel"] * 100
    first: list[Label] = ["intel" if place % 5 == 0 else label for place, label in enumerate(truth)]
    second = [*first[:-1], truth[-1]]
    second[0] = truth[0]

    found = compared(truth, first, second)

    width = found.difference.accuracy.high - found.difference.accuracy.low  # type: ignore[operator]
    own = found.first.accuracy.high - found.first.accuracy.low  # type: ignore[operator]
    assert width < own / 2


class Counting(KeywordClassifier):
    def __init__(self, name: str, calls: list[str]) -> None:
        super().__init__()
        self.model = name
        self.calls = calls

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        self.calls.append(self.model)
        return super().judge(texts)


def test_models_take_turns_and_each_is_timed_alone() -> None:
    calls: list[str] = []
    moments = iter([0.0, 1.0, 1.0, 3.0, 3.0, 5.0, 5.0, 6.0])
    judges = Judge(Counting("a@1", calls)), Judge(Counting("b@1", calls))
    told: list[int] = []

    (first, second), speeds = judge_both(judges, ["help"] * (BATCH + 10), told.append, lambda: next(moments))

    assert calls == ["a@1", "b@1", "a@1", "b@1", "b@1", "a@1"]
    assert [one.model for one in (first[0], second[0])] == ["a@1", "b@1"]
    assert len(first) == len(second) == BATCH + 10
    assert speeds == (pytest.approx((BATCH + 10) / 2, abs=0.1), pytest.approx((BATCH + 10) / 4, abs=0.1))
    assert told == [BATCH, 10]


def test_flagged_labels_are_all_but_chatter() -> None:
    assert (*FLAGGED, "chatter") == LABELS
