"""Training goes on from where it was cut short, and learns what it is told. Needs the extra ``train``."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra train")
pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]

import msgspec  # noqa: E402
from rich.progress import Progress  # noqa: E402

from models.training import fine_tune, loss  # noqa: E402
from models.training.bases import BASES  # noqa: E402
from models.training.dataset import Row, read_corpus, split  # noqa: E402
from models.training.emoji import EMOJI  # noqa: E402
from models.training.network import Logits, judge_all, read_by  # noqa: E402
from models.training.recipe import QUICK, Recipe, read_recipe  # noqa: E402


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return split(read_corpus()).train[::100][:24]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return msgspec.structs.replace(read_recipe(QUICK), epochs=2, batch=8, layers=2)


class CutShort(Progress):
    """Goes away in the middle, as a person does who presses Ctrl-C."""

    def update(self, *arguments: object, **named: object) -> None:
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps == 5:
            raise KeyboardInterrupt


def test_a_training_that_was_cut_short_ends_where_it_would_have(
    rows: list[Row], recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune, "_CHECKPOINT_EVERY", 2)
    whole, cut = (tmp_path / name for name in ("whole", "cut"))
    whole.mkdir()
    cut.mkdir()

    fine_tune.fine_tune(rows, recipe, whole, Progress(disable=True))
    with pytest.raises(KeyboardInterrupt):
        fine_tune.fine_tune(rows, recipe, cut, CutShort(disable=True))
    fine_tune.fine_tune(rows, recipe, cut, Progress(disable=True))

    one, other = (torch.load(folder / fine_tune.WEIGHTS, weights_only=True) for folder in (whole, cut))
    assert all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)
    assert sorted(path.name for path in cut.iterdir()) == ["tokenizer.json", "weights.pt"]


def test_a_thinned_base_keeps_first_and_last_layer(recipe: Recipe) -> None:
    base = BASES[recipe.base]
    whole = base.load_encoder(base.fetch()).encoder.layer
    thinned = fine_tune.new_network(recipe)[0].encoder.encoder.layer

    assert len(thinned) == 2
    for kept, layer in ((thinned[0], whole[0]), (thinned[1], whole[-1])):
        assert torch.equal(kept.output.dense.weight, layer.output.dense.weight)


def test_emoji_are_tokens_that_begin_near_the_words_of_their_names(recipe: Recipe) -> None:
    network, tokenizer = fine_tune.new_network(recipe)
    words = network.encoder.get_input_embeddings().weight

    def token(text: str) -> int:
        (encoding,) = read_by(tokenizer, [text])
        return encoding.ids[1]

    fire, snow, flame = (words[token(text)] for text in ("🔥", "❄", "fire"))

    assert len(set(EMOJI)) == len(EMOJI) > 1_000
    assert torch.equal(fire, flame)
    assert torch.cosine_similarity(fire, flame, dim=0) > torch.cosine_similarity(snow, flame, dim=0)


def logits(labels: list[list[float]]) -> Logits:
    count = len(labels)
    return Logits(torch.tensor(labels), torch.zeros(count, 3), torch.zeros(count, 3), torch.zeros(count, 0))


def test_two_readings_that_agree_do_not_disagree() -> None:
    one = logits([[2.0, 0.0, 0.0, 0.0]])

    assert loss.disagreement(one, one) == 0
    assert loss.disagreement(one, logits([[0.0, 2.0, 0.0, 0.0]])) > 0.5


def test_a_student_that_says_what_its_teacher_says_is_nearest() -> None:
    teacher = logits([[2.0, 0.0, 0.0, -1.0]])

    near = loss.distance_from_teachers(teacher, teacher, 2.0)
    far = loss.distance_from_teachers(logits([[0.0, 0.0, 2.0, 0.0]]), teacher, 2.0)

    assert near < far


def test_judging_in_batches_is_judging_alone(rows: list[Row], recipe: Recipe) -> None:
    network, tokenizer = fine_tune.new_network(recipe)
    texts = [row.text for row in rows[:6]]

    together = judge_all(network, tokenizer, texts, size=6).labels
    alone = torch.cat([judge_all(network, tokenizer, [text]).labels for text in texts])

    assert torch.allclose(together, alone, atol=1e-4)
