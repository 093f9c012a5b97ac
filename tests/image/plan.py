"""What deploy/Dockerfile says, as steps, and which files its build is given. Pure."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from dockerfile_parse import DockerfileParser

from pipeline.settings import ROOT

DOCKERFILE: Final = ROOT / "deploy" / "Dockerfile"
IGNORE: Final = ROOT / "deploy" / "Dockerfile.dockerignore"

PLACES: Final = ("/src", "/build", "/wheel", "/opt/flagpost", "/var/lib/flagpost")
"""Folders of the image that its steps make. They lie below a folder of ours here."""

LEFT_BEHIND: Final = ("/src", "/build", "/wheel")
"""Of the first stage alone: the image has none of them."""

_PLACE = re.compile(rf"(?<![\w.:/-])({'|'.join(map(re.escape, PLACES))})(?![\w.-])")
_ABSOLUTE = re.compile(r"(?<![\w.:/$}-])/[a-z][\w./-]*")


class UnknownPath(Exception):
    """A step uses a folder that `PLACES` does not know: run here, it would write into this machine's."""


@dataclass(frozen=True)
class Step:
    """``word`` is RUN, COPY …; ``text`` what follows, in one line."""

    word: str
    text: str


def steps(dockerfile: str) -> list[Step]:
    """All instructions but comments, in order."""
    parser = DockerfileParser(fileobj=io.BytesIO(dockerfile.encode()))
    return [Step(one["instruction"], one["value"]) for one in parser.structure if one["instruction"] != "COMMENT"]


def rebased(text: str, root: Path) -> str:
    """``text`` with the image's folders below ``root``. Raises `UnknownPath`."""
    for path in _ABSOLUTE.findall(text):
        if not _PLACE.match(path):
            raise UnknownPath(path)
    return _PLACE.sub(lambda found: f"{root}{found[1]}", text)


def environment(of: Sequence[Step], root: Path, path: str) -> dict[str, str]:
    """What ENV sets, below ``root``; ``path`` is the base image's PATH."""
    found: dict[str, str] = {}
    for step in of:
        if step.word == "ENV":
            for pair in shlex.split(step.text):
                name, _, value = pair.partition("=")
                # HEALTH_URL is an address, and none of our folders
                found[name] = value if "://" in value else rebased(value, root).replace("$PATH", path)
    return found


def words_of(of: Sequence[Step], word: str) -> list[str]:
    """The last ENTRYPOINT or CMD."""
    return [str(one) for one in json.loads([step.text for step in of if step.word == word][-1])]


def context(top: Path, ignore: Sequence[str]) -> Iterator[Path]:
    """The files below ``top`` that a build gets, relative to it; ``ignore`` are the lines of a .dockerignore."""
    rules = [line.strip() for line in ignore if line.strip() and not line.startswith("#")]
    again = {rule[1:].split("/")[0] for rule in rules if rule.startswith("!")}

    def below(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            relative = path.relative_to(top)
            if path.is_dir() and not path.is_symlink():
                if is_let_in(relative, rules) or relative.parts[0] in again:
                    yield from below(path)
            elif is_let_in(relative, rules):
                yield relative

    yield from below(top)


def is_let_in(path: Path | PurePosixPath, rules: Sequence[str]) -> bool:
    """The last rule that matches ``path`` or a folder above it decides, as Docker documents it."""
    above = [str(path), *(str(one) for one in path.parents if str(one) != ".")]
    kept = True
    for rule in rules:
        pattern = re.compile(_regex(rule.removeprefix("!").strip("/")))
        if any(pattern.fullmatch(one) for one in above):
            kept = rule.startswith("!")
    return kept


def _regex(pattern: str) -> str:
    parts: Mapping[str, str] = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(parts.get(one, re.escape(one)) for one in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))
