"""A mutant: one small break of the promise, and the tests that must notice it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

ROOT: Final = Path(__file__).parents[2]
MUTANTS: Final = Path(__file__).parent / "mutants.toml"


class Misplaced(Exception):
    """The text that a mutant replaces is gone, or is there more than once: the code changed and the mutant must follow."""


class Mutant(Struct, frozen=True, forbid_unknown_fields=True):
    """``old`` in ``file`` becomes ``new``; then one of ``tests`` (files or node ids) must turn red."""

    name: str
    why: str
    file: str
    old: str
    new: str
    tests: list[str]

    def of(self, source: str) -> str:
        """``source`` with this break in it. Raises `Misplaced` unless ``old`` is there exactly once."""
        found = source.count(self.old)
        if found != 1:
            raise Misplaced(f"{self.name}: its old text is {found} times in {self.file}, not once:\n{self.old}")
        return source.replace(self.old, self.new)

    def break_in(self, tree: Path) -> None:
        """Breaks the copy of the source in ``tree``. Raises `Misplaced`."""
        path = tree / self.file
        path.write_text(self.of(path.read_text("utf-8")), "utf-8")


class _File(Struct, forbid_unknown_fields=True):
    mutant: list[Mutant]


def mutants(names: Sequence[str] = ()) -> list[Mutant]:
    """Those of mutants.toml that are named, or all. Raises KeyError for a name that is not there."""
    known = {one.name: one for one in msgspec.toml.decode(MUTANTS.read_bytes(), type=_File).mutant}
    return [known[name] for name in names] if names else list(known.values())
