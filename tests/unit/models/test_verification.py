"""A model that judges otherwise than at its release is found out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from models.classifier import Judgement, UnusableModel
from models.verification import REFERENCE, Reference, against, read_reference, require_sane
from schemas.labels import LABELS
from tests.doubles.keyword_classifier import KeywordClassifier

TEXTS = ["help", "dealing", "lovely", "useless"] * 25


def reference(shift: float = 0.0, wrong: int = 0) -> list[Reference]:
    """What the keywords say of `TEXTS`, all scores moved by ``shift``, the first ``wrong`` of them another label's."""
    rows = []
    for place, one in enumerate(KeywordClassifier().judge(TEXTS)):
        scores = {label: one.scores[label] - shift for label in LABELS}
        if place < wrong:
            scores = dict(zip(LABELS, [*list(scores.values())[1:], next(iter(scores.values()))], strict=True))
        rows.append(Reference(TEXTS[place], scores))
    return rows


def test_the_same_scores_pass() -> None:
    found = against(KeywordClassifier(), reference())

    assert found.failures == ()
    assert (found.posts, found.same_label, found.apart) == (100, 1.0, 0.0)


def test_a_little_rounding_passes() -> None:
    assert against(KeywordClassifier(), reference(0.02)).failures == ()


def test_other_scores_are_a_failure() -> None:
    assert len(against(KeywordClassifier(), reference(0.2)).failures) == 2


def test_other_labels_are_a_failure() -> None:
    failures = against(KeywordClassifier(), reference(wrong=4)).failures

    assert "Only 96.0 % of the reference posts" in failures[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no readable"), (b"{", "damaged"), (b"", "lacks posts"), (b'{"text": "a", "scores": {}}\n', "lacks posts")],
)
def test_a_reference_that_can_not_be_read_is_refused(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / REFERENCE).write_bytes(content)

    with pytest.raises(UnusableModel, match=says):
        read_reference(tmp_path)


def test_what_else_a_reference_holds_is_not_looked_at(tmp_path: Path) -> None:
    row = {"text": "a", "scores": dict.fromkeys(LABELS, 0.25), "grades": {}, "new": 1}
    (tmp_path / REFERENCE).write_bytes(msgspec.json.encode(row) + b"\n")

    assert read_reference(tmp_path)[0].text == "a"


def written(folder: Path, rows: list[Reference]) -> Path:
    (folder / REFERENCE).write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    return folder


def test_a_model_that_judges_as_at_its_release_may_start(tmp_path: Path) -> None:
    require_sane(KeywordClassifier(), written(tmp_path, reference(0.02, wrong=4)))


def test_a_model_whose_labels_were_swapped_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="not what was released: 40 %"):
        require_sane(KeywordClassifier(), written(tmp_path, reference(wrong=60)))


def test_a_model_that_yields_no_number_is_refused(tmp_path: Path) -> None:
    class Broken(KeywordClassifier):
        def judge(self, texts: Sequence[str]) -> list[Judgement]:
            raise ValueError("the model yielded a score that is not a number")

    with pytest.raises(UnusableModel, match="not a number"):
        require_sane(Broken(), written(tmp_path, reference()))
