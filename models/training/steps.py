"""Remembers finished steps: a step whose inputs did not change is not done again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

_KEY_LENGTH = 16


def key_of(*inputs: str | Path | ModuleType) -> str:
    """A hash of texts, of the contents of files, and of the source code of modules."""
    digest = hashlib.sha256()
    for one in inputs:
        if isinstance(one, ModuleType):
            digest.update(Path(str(one.__file__)).read_bytes())
        elif isinstance(one, Path):
            digest.update(one.read_bytes())
        else:
            digest.update(one.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:_KEY_LENGTH]


def once(
    work: Path,
    name: str,
    inputs: Sequence[str | Path | ModuleType],
    make: Callable[[Path], None],
    say: Callable[[str], None],
) -> Path:
    """The folder that ``make`` filled from ``inputs``; made now, unless an earlier run finished it.

    What a run that was cut short left is still there when ``make`` is called again: it may go on from it. The folder's name
    ends in the key of its inputs, so it may stand for them among the inputs of a later step.
    """
    folder = work / f"{name}-{key_of(*inputs)}"
    if folder.is_dir():
        say(f"{name}: done before")
        return folder
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    make(unfinished)
    unfinished.rename(folder)
    say(f"{name}: done")
    return folder
