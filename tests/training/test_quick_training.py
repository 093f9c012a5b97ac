"""The whole way from corpus to released model, on a few posts. Needs the extra ``train``."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the extra train")
pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]

from models.classifier import load  # noqa: E402
from models.manifest import read_manifest  # noqa: E402
from models.training.__main__ import main  # noqa: E402
from models.training.bases import BASES  # noqa: E402
from models.training.bases.maven import LARGEST_DIFFERENCE, MavenBase  # noqa: E402

CHANCE = 0.25


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quick")
    arguments = ["--quick", "--out", str(folder / "model"), "--work", str(folder / "work")]
    assert main(arguments) == 0
    assert main(arguments) == 0  # goes on from what is finished
    return folder / "model"


def test_the_rebuilt_encoder_reproduces_the_original_graph() -> None:
    base = BASES["bge-small-en-v1.5"]
    assert isinstance(base, MavenBase)
    folder = base.fetch()

    assert base.largest_difference(base.load_encoder(folder), folder) <= LARGEST_DIFFERENCE


def test_a_quick_training_makes_a_model_that_loads_and_judges(released: Path) -> None:
    classifier = load(released, threads=1)

    judgement = classifier.judge(["someone is breaking into next door right now, please send somebody"])[0]

    assert sum(judgement.scores.values()) == pytest.approx(1)
    assert classifier.model == "flagpost-quick@0.0.0"


def test_a_quick_training_beats_chance(released: Path) -> None:
    metrics = read_manifest(released).metrics

    assert metrics["sets"]["test"]["accuracy"] >= CHANCE + 0.1


def test_quantising_keeps_the_labels(released: Path) -> None:
    assert read_manifest(released).metrics["int8_against_full_precision"]["same_label"] >= 0.9


def test_a_quick_model_never_replaces_the_released_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--quick"])

    assert "--out" in capsys.readouterr().err
