"""The README knows every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import COMMANDS

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"flagpost {name}" in README or f"make {name}" in README
