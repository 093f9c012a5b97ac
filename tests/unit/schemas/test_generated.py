"""What is generated from the structs is committed, and a difference fails here."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas import json_schema, mapping

FILES = {**mapping.generated(), **json_schema.generated()}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_generated_file_is_current(name: str) -> None:
    committed = (mapping.GENERATED / name).read_text("utf-8")
    assert committed == FILES[name], "run `make generated` and commit the result"


def test_nothing_else_lies_among_the_generated_files() -> None:
    assert {path.name for path in Path(mapping.GENERATED).iterdir()} == set(FILES)


def test_both_analyses_have_the_same_fields() -> None:
    english, standard = (mapping.template(analysis)["template"]["mappings"] for analysis in mapping.ANALYSES)
    assert english == standard
