"""The released model serves what was trained, and keeps what the `Classifier` protocol promises. Needs no torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.classifier import Classifier, Judgement, UnusableModel, load
from models.manifest import MANIFEST, SERVED, read_manifest
from models.openvino_classifier import OpenVinoClassifier
from schemas.labels import GRADES, LABELS

RELEASED = Path(__file__).parents[2] / "models/released"
MOST_MEGABYTES = 40
BATCH_TOLERANCE = 0.02
MEAN_TOLERANCE = 0.035
"""Measured at the release: 0.017 of scores, 0.011 of grades; other processors round otherwise."""
TOLERANCE_95 = 0.14
"""Measured at the release: 0.070 of scores, 0.036 of grades."""

REFERENCE = [msgspec.json.decode(line) for line in (RELEASED / "reference.jsonl").read_bytes().splitlines()]
TEXTS = [row["text"] for row in REFERENCE]


@pytest.fixture(scope="module")
def classifier() -> OpenVinoClassifier:
    return OpenVinoClassifier(RELEASED, read_manifest(RELEASED))


@pytest.fixture(scope="module")
def together(classifier: OpenVinoClassifier) -> list[Judgement]:
    return classifier.judge(TEXTS)


def array(judgements: list[Judgement]) -> np.ndarray:
    return np.array([[one.scores[label] for label in LABELS] for one in judgements])


def label_of(scores: dict[str, float]) -> str:
    return max(LABELS, key=lambda label: scores[label])


def test_load_gives_the_released_model() -> None:
    classifier: Classifier = load(RELEASED, threads=1)

    assert classifier.model == read_manifest(RELEASED).model
    assert classifier.activation >= 1


def test_served_scores_are_close_to_full_precision(together: list[Judgement]) -> None:
    expected = np.array([[row["scores"][label] for label in LABELS] for row in REFERENCE])
    apart = np.abs(array(together) - expected).max(axis=1)

    assert len(REFERENCE) == 300
    assert apart.mean() <= MEAN_TOLERANCE
    assert np.percentile(apart, 95) <= TOLERANCE_95


def test_served_grades_are_close_to_full_precision(together: list[Judgement]) -> None:
    apart = [
        max(abs(one.grades[grade] - row["grades"][grade]) for grade in GRADES)
        for one, row in zip(together, REFERENCE, strict=True)
    ]

    assert np.mean(apart) <= MEAN_TOLERANCE
    assert np.percentile(apart, 95) <= TOLERANCE_95


def test_served_labels_are_those_of_full_precision(together: list[Judgement]) -> None:
    same = [label_of(dict(one.scores)) == label_of(row["scores"]) for one, row in zip(together, REFERENCE, strict=True)]

    assert np.mean(same) >= 0.98


def test_int8_costs_less_than_three_tenths_of_a_point() -> None:
    """Counted on all held-out posts of one window when the model was released."""
    assert read_manifest(RELEASED).metrics["int8_against_full_precision"]["macro_f1_lost"] <= 0.003


def test_a_score_does_not_depend_on_batch_mates(classifier: OpenVinoClassifier, together: list[Judgement]) -> None:
    alone = [classifier.judge([text])[0] for text in TEXTS[:100]]
    long_mate = "it goes on and on and nobody comes, " * 40
    beside_a_long_one = [classifier.judge([text, long_mate])[0] for text in TEXTS[:20]]

    assert np.abs(array(alone) - array(together[:100])).max() <= BATCH_TOLERANCE
    assert np.abs(array(alone[:20]) - array(beside_a_long_one)).max() <= BATCH_TOLERANCE


def test_judgements_come_in_the_order_of_the_texts(classifier: OpenVinoClassifier, together: list[Judgement]) -> None:
    backwards = classifier.judge(TEXTS[::-1])[::-1]

    assert np.abs(array(backwards) - array(together)).max() <= BATCH_TOLERANCE


def test_scores_and_grades_add_up_to_one(together: list[Judgement]) -> None:
    for one in together:
        assert sum(one.scores.values()) == pytest.approx(1)
        assert sum(one.grades.values()) == pytest.approx(1)


def test_shares_and_bias_add_up_to_the_logit(classifier: OpenVinoClassifier) -> None:
    for (output,) in classifier.graph.run(TEXTS):
        assert output.shares.sum(axis=0) + np.array(classifier.bias) == pytest.approx(output.labels, abs=1e-4)


def test_every_share_has_its_words(together: list[Judgement]) -> None:
    for text, one in zip(TEXTS, together, strict=True):
        assert one.shares.shape == (len(one.spans), len(LABELS))
        assert all(0 <= start < end <= len(text) for start, end in one.spans)
        assert [start for start, _ in one.spans] == sorted(start for start, _ in one.spans)


def test_spans_count_code_points_of_the_text_given(classifier: OpenVinoClassifier) -> None:
    text = "🚨🚨 HÉLP him, he's at https://t.co/aBc1 now"

    spans = classifier.judge([text])[0].spans
    words = [text[start:end] for start, end in spans]

    assert words[-1] == "now"
    assert "HÉLP" in words
    assert "https://t.co/aBc1" in words


@pytest.mark.parametrize("text", ["", " ", "\n", "👍", "🇬🇧❤️‍🔥", "a", "[SEP]", "[CLS] [PAD]", "ы" * 50, "\u200b"])
def test_odd_texts_are_judged(classifier: OpenVinoClassifier, text: str) -> None:
    one = classifier.judge([text, "beside something ordinary"])[0]

    assert sum(one.scores.values()) == pytest.approx(1)
    assert len(one.spans) == len(one.shares)


CHAT = "we had a lovely day at the fair, the kids went on everything and the weather held up for once. "
DANGER = "there is a man with a knife outside the school on Mill Lane right now, please send somebody. "


@pytest.mark.parametrize("before", [0, 8, 60])
def test_what_matters_in_a_long_text_counts_wherever_it_stands(classifier: OpenVinoClassifier, before: int) -> None:
    """Far beyond one window, so that a model which reads the head alone would see nothing of it."""
    text = CHAT * before + DANGER + CHAT * (60 - before)

    short, long = classifier.judge([DANGER, text])

    assert 1 - long.scores["chatter"] >= 0.5
    assert long.grades["immediate"] >= classifier.thresholds.immediate
    assert short.grades["immediate"] >= classifier.thresholds.immediate
    assert all(0 <= start < end <= len(text) for start, end in long.spans)


def test_the_words_of_a_long_text_are_those_of_the_window_that_decided(classifier: OpenVinoClassifier) -> None:
    text = CHAT * 40 + DANGER + CHAT * 40

    (long,) = classifier.judge([text])
    first, last = long.spans[0][0], long.spans[-1][1]

    assert first <= text.index(DANGER) + len(DANGER)
    assert last >= text.index(DANGER)
    assert long.shares.shape == (len(long.spans), len(LABELS))


def test_a_long_text_of_chat_stays_chatter(classifier: OpenVinoClassifier) -> None:
    (long,) = classifier.judge([CHAT * 60])

    assert long.scores["chatter"] > 0.5


def test_no_texts_give_no_judgements(classifier: OpenVinoClassifier) -> None:
    assert classifier.judge([]) == []


def test_a_logit_that_is_no_number_is_an_error(classifier: OpenVinoClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    output = classifier.graph.run(["anything"])[0][0]
    output.labels[:] = np.nan
    monkeypatch.setattr(classifier.graph, "run_as_ready", lambda texts: [(0, [output])])

    with pytest.raises(ValueError, match="not a number"):
        classifier.judge(["anything"])


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    copy = shutil.copytree(RELEASED, tmp_path / "model")
    weights = bytearray((copy / "model.bin").read_bytes())
    weights[len(weights) // 2] ^= 1
    (copy / "model.bin").write_bytes(weights)

    with pytest.raises(UnusableModel, match="altered"):
        load(copy)


def test_a_graph_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    copy = shutil.copytree(RELEASED, tmp_path / "model")
    (copy / "model.xml").write_text("<not a graph>")

    with pytest.raises(UnusableModel, match="can't be loaded"):
        OpenVinoClassifier(copy, read_manifest(RELEASED))


def test_the_release_is_small_and_complete() -> None:
    files = [path for path in RELEASED.iterdir() if path.is_file()]

    assert {MANIFEST, "CARD.md", "reference.jsonl", *SERVED} <= {path.name for path in files}
    assert sum(path.stat().st_size for path in files) <= MOST_MEGABYTES * 1e6


def test_the_card_tells_the_manifests_figures() -> None:
    manifest = read_manifest(RELEASED)
    card = (RELEASED / "CARD.md").read_text(encoding="utf-8")

    assert f"{manifest.metrics['sets']['test']['macro_f1']:.3f}" in card
    thresholds = manifest.thresholds
    assert f"| {thresholds.flag} | {thresholds.also} | {thresholds.unsure} | {thresholds.immediate} |" in card


def test_loading_the_model_leaves_nothing_in_the_home_folder_and_no_telemetry_runs(tmp_path: Path) -> None:
    code = (
        "import sys; from models.classifier import load; from pathlib import Path; load(Path('models/released'), 1);"
        "print(sys.modules['openvino_telemetry'])"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(RELEASED.parents[1])}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=RELEASED.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "None\n"
    assert list(tmp_path.iterdir()) == []
