"""Posts without labels: shares, and what surprises."""

from __future__ import annotations

import pytest

from pipeline.classify.judge import Judge
from pipeline.evaluation.judging import judged
from pipeline.evaluation.posts import Text
from pipeline.evaluation.probing import Probe, probe
from schemas.labels import Label
from tests.doubles.keyword_classifier import KeywordClassifier

TEXTS = ["help now", "lovely", "lovely day", "dealing"]


def probed(expected: Label | None, most: int = 20) -> Probe:
    texts = [Text(line, str(line), text) for line, text in enumerate(TEXTS, start=1)]
    return probe("a.txt", "text", texts, judged(Judge(KeywordClassifier()), TEXTS), expected, most)


def test_shares_are_of_all_posts() -> None:
    found = probed(None)

    assert found.counts == {"intel": 1, "help_request": 1, "complaint": 0, "chatter": 2}
    assert found.labels["chatter"].value == 0.5
    assert (found.flagged.value, found.immediate.value, found.unsure.value) == (0.5, 0.25, 0)
    assert found.labels["complaint"].high == pytest.approx(0.4899, abs=1e-4)


def test_a_surprise_is_what_was_not_expected() -> None:
    found = probed("chatter")

    assert found.surprises == 2
    assert [one.line for one in found.most_confident_surprises] == [1, 4]
    assert [reason.text for reason in found.most_confident_surprises[1].reasons] == ["dealing"]


def test_no_more_surprises_are_kept_than_asked_for() -> None:
    assert (probed("chatter", 1).surprises, len(probed("chatter", 1).most_confident_surprises)) == (2, 1)


def test_without_an_expectation_nothing_surprises() -> None:
    assert (probed(None).surprises, probed(None).most_confident_surprises) == (0, [])
