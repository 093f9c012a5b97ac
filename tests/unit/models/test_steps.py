"""A finished step is not done again; an interrupted one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.training.steps import key_of, once


def silent(message: str) -> None:
    pass


def test_a_step_is_done_once_for_its_inputs(tmp_path: Path) -> None:
    calls: list[Path] = []

    first = once(tmp_path, "step", ["a"], calls.append, silent)
    second = once(tmp_path, "step", ["a"], calls.append, silent)
    other = once(tmp_path, "step", ["b"], calls.append, silent)

    assert first == second != other
    assert len(calls) == 2


def test_an_interrupted_step_goes_on_from_what_it_left(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(tmp_path, "step", ["a"], interrupted, silent)
    folder = once(tmp_path, "step", ["a"], lambda folder: (folder / "half").rename(folder / "whole"), silent)

    assert [path.name for path in folder.iterdir()] == ["whole"]
    assert (folder / "whole").read_text() == "half"


def test_a_key_tells_inputs_apart(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("ab")

    assert key_of("a", "b") != key_of("ab")
    assert key_of(file) == key_of("ab")
