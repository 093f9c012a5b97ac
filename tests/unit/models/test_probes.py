"""Public collections are read as probes.toml says, and only thinned, never changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from models.training.probes import PLAN, Probe, Probes, Where, texts


def test_the_plan_is_valid_and_names_its_sources() -> None:
    plan = msgspec.toml.decode(PLAN.read_bytes(), type=Probes)

    assert all(" at " in probe.source for probe in plan.probe)
    assert {probe.expect for probe in plan.probe} == {"chatter", "complaint"}


def test_a_file_of_lines_has_a_text_a_line(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text("one\n\n two \nthree\n", encoding="utf-8")

    assert texts(Probe("p", "s", "chatter", ["posts.txt"]), tmp_path, 10) == ["one", "two", "three"]


def test_a_csv_file_has_them_in_a_column_where_another_is_as_asked(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text('1,"a, b",yes\n2,c,no\n3,d,yes\nshort\n', encoding="utf-8")
    probe = Probe("p", "s", "chatter", ["posts.csv"], text_column=1, where=Where(2, "yes"))

    assert texts(probe, tmp_path, 10) == ["a, b", "d"]


def test_more_than_wanted_are_thinned_evenly(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text("\n".join(map(str, range(101))), encoding="utf-8")

    assert texts(Probe("p", "s", "chatter", ["posts.txt"]), tmp_path, 3) == ["0", "50", "100"]


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        texts(Probe("p", "s", "chatter", ["none.txt"]), tmp_path, 3)
