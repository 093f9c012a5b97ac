"""The corpus is split by theme, and form is taken away from its texts."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from models.training.dataset import Dataset, Split, corpus_sha256, read_corpus, split, thin
from models.training.recipe import QUICK, read_recipe


@pytest.fixture(scope="module")
def data() -> Dataset:
    return split(read_corpus())


def test_no_theme_and_no_post_is_in_two_sets(data: Dataset) -> None:
    sets = [data.train, data.dev, data.test_themes, data.test_writers]

    for one, other in combinations(sets, 2):
        assert {row.theme for row in one} & {row.theme for row in other} == set()
        assert {row.id for row in one} & {row.id for row in other} == set()
    assert sum(map(len, sets)) == len(read_corpus())


def test_nothing_of_the_test_writers_is_trained_on(data: Dataset) -> None:
    assert {row.writer for row in data.test_writers} & {row.writer for row in (*data.train, *data.dev)} == set()


def test_most_posts_teach_and_enough_judge(data: Dataset) -> None:
    assert len(data.train) > len(data.dev) + len(data.test)
    assert len(data.test) >= 300


def test_a_theme_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such theme"):
        split(read_corpus(), Split(["a"], ["no such theme"], []))


def test_a_thinned_set_keeps_all_labels(data: Dataset) -> None:
    thinned = thin(data, msgspec.structs.replace(read_recipe(QUICK), train_on=40, judge_on=20))

    assert [len(rows) for rows in (thinned.train, thinned.dev, thinned.test_writers)] == [40, 20, 20]
    assert len({row.label for row in thinned.train}) == 4


def test_the_corpus_checksum_changes_with_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    before = corpus_sha256(tmp_path)
    (tmp_path / "a.jsonl").write_text("{ }\n")

    assert corpus_sha256(tmp_path) != before
