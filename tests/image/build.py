"""Runs the steps of the Dockerfile below a folder of ours: its folders lie there, and what needs a container is left out."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.settings import ROOT
from tests.image.plan import IGNORE, LEFT_BEHIND, Step, context, rebased

NEEDS_A_CONTAINER: Final = ("FROM", "ARG", "VOLUME", "HEALTHCHECK", "USER", "WORKDIR", "ENV", "ENTRYPOINT", "CMD")
"""What these say is looked at by the tests of the manifests, or used for the commands that are tried afterwards."""

MOST_SECONDS: Final = 1800.0


class StepFailed(Exception):
    """A step ended with another code than 0; its message has the end of what it printed."""


@dataclass(frozen=True)
class Room:
    """``root`` holds the image's folders; ``python`` is what its base image would have as `python`."""

    root: Path
    python: Path

    @property
    def path(self) -> str:
        """PATH of the base image: its Python, and this machine's own commands."""
        return f"{self.root}/base/bin:/usr/local/bin:/usr/bin:/bin"

    @property
    def libraries(self) -> dict[str, str]:
        """For a Python that was copied and would look for its own library where it was."""
        return {"LD_LIBRARY_PATH": f"{self.root}/base/lib"}

    def environment(self) -> dict[str, str]:
        """Of a step: nothing of ours, but how this machine reaches its package index."""
        kept = ("PIP_", "HTTP_", "HTTPS_", "NO_", "http_", "https_", "no_", "SSL_", "REQUESTS_")
        passed = {name: value for name, value in os.environ.items() if name.startswith(kept)}
        return {**passed, **self.libraries, "PATH": self.path, "HOME": str(self.root / "builder"), "LANG": "C.UTF-8"}

    def settle(self) -> None:
        """Makes the folders. A Python that lies where only we may look, as in root's home, is copied for everybody."""
        for name in ("builder", "tmp", "var/lib/flagpost"):
            (self.root / name).mkdir(parents=True)
        programs = self.root / "base" / "bin"
        if _is_for_everybody(self.python):
            programs.mkdir(parents=True)
            (programs / "python").symlink_to(self.python)
        else:
            unneeded = shutil.ignore_patterns("test", "__pycache__", "*.a")
            shutil.copytree(self.python.parent.parent, self.root / "base", symlinks=True, ignore=unneeded)
            (programs / "python").unlink(missing_ok=True)
            (programs / "python").symlink_to(self.python.name)


def build(room: Room, steps: Sequence[Step], told: Callable[[str], None]) -> None:
    """Runs RUN and COPY in order; ``told`` hears of every step. What only the first stage has is gone afterwards.

    Raises `StepFailed`, and `UnknownPath` before a step would touch a folder of this machine.
    """
    for step in steps:
        if step.word == "COPY":
            _copy(room, shlex.split(step.text), told)
        elif step.word == "RUN" and step.text.startswith("useradd "):
            told("left out: RUN useradd, which needs a container")
        elif step.word == "RUN":
            told(f"RUN {step.text[:100]} …")
            _run(room, rebased(step.text, room.root))
        elif step.word not in NEEDS_A_CONTAINER:
            raise StepFailed(f"{step.word}: nobody has taught this how")
    for place in LEFT_BEHIND:
        shutil.rmtree(f"{room.root}{place}")


def _is_for_everybody(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _copy(room: Room, words: Sequence[str], told: Callable[[str], None]) -> None:
    if words[0].startswith("--from="):  # from one stage's folder to the same of another: it is the same here
        source, target = words[1:]
        if source != target or not Path(rebased(source, room.root)).exists():
            raise StepFailed(f"COPY {' '.join(words)}: nothing is there, or it is to lie elsewhere")
        return
    source, target = words
    files = list(context(ROOT, IGNORE.read_text("utf-8").splitlines()))
    chosen = files if source == "." else [one for one in files if one.parts[0] == source]
    for file in chosen:
        relative = file if source == "." else file.relative_to(source)
        to = Path(rebased(target, room.root)) / relative
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, to)
    told(f"COPY {source}: {len(chosen)} files, {sum((ROOT / one).stat().st_size for one in chosen) / 1e6:.1f} MB")


def _run(room: Room, line: str) -> None:
    done = subprocess.run(
        ["sh", "-c", line],
        env=room.environment(),
        cwd=room.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    if done.returncode:
        raise StepFailed(f"exit code {done.returncode}:\n{done.stdout[-3000:]}")
