"""What must hold of every theme file of the corpus."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from models.training import corpus_card
from schemas.labels import FLAGGED, GRADES, LABELS

CORPUS = Path(__file__).parents[3] / "models/corpus"
FIELDS = {"id", "text", "label", "also", "grade", "theme", "writer", "round"}
THEME_FILES = sorted(CORPUS.glob("*.jsonl"))


def rows_of(path: Path) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


ROWS = [row for path in THEME_FILES for row in rows_of(path)]


def test_the_corpus_is_there() -> None:
    assert len(THEME_FILES) >= 60
    assert len(ROWS) >= 2_000


def test_every_row_has_exactly_the_documented_fields() -> None:
    assert [row for row in ROWS if set(row) != FIELDS] == []


def test_labels_also_and_grades_are_valid() -> None:
    for row in ROWS:
        assert row["label"] in LABELS
        assert (row["grade"] is None) == (row["label"] == "chatter"), row["id"]
        assert row["grade"] is None or row["grade"] in GRADES
        also = row["also"]
        assert isinstance(also, list)
        assert set(also) <= set(FLAGGED) - {row["label"]}, row["id"]
        assert len(set(also)) == len(also), row["id"]
        assert not (row["label"] == "chatter" and also), row["id"]


def test_ids_are_unique() -> None:
    assert [identifier for identifier, count in Counter(row["id"] for row in ROWS).items() if count > 1] == []


def test_no_two_posts_have_the_same_words() -> None:
    words = Counter(" ".join(str(row["text"]).lower().split()) for row in ROWS)

    assert [text for text, count in words.items() if count > 1] == []


@pytest.mark.parametrize("path", THEME_FILES, ids=lambda path: path.stem)
def test_a_theme_file_holds_one_theme_and_all_four_labels(path: Path) -> None:
    rows = rows_of(path)

    slug = re.sub(r"[^a-z0-9]+", "-", str(rows[0]["theme"]).lower().replace("'", "")).strip("-")
    assert slug == path.stem
    assert len({row["theme"] for row in rows}) == 1
    counts = Counter(row["label"] for row in rows)
    assert set(counts) == set(LABELS)
    assert min(counts.values()) >= 2


def test_the_data_card_counts_what_is_there() -> None:
    assert corpus_card.card() == corpus_card.CARD.read_text(encoding="utf-8"), "run `make corpus-card`"
