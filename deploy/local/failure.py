"""Why a server died at its start: the line of its logs that says most."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_READ_BYTES = 200_000
_LONGEST = 300

# From the most telling to the least; of the lines of one kind the last one is taken.
_TELLING = (
    re.compile(r"^Caused by: |OutOfMemoryError|^Error occurred during initialization"),
    re.compile(r"^[\w.$]+(Exception|Error)(:|$)|^ERROR:|\bFATAL\b|\bfatal exception\b"),
    re.compile(r"\bERROR\b|Exception\b"),
    re.compile(r"\S"),
)
_PORT_TAKEN = re.compile(r"Address already in use|BindException|BindHttpException|BindTransportException")


def read_from(file: Path, begin: int) -> list[str]:
    """The lines that were added to ``file`` after its first ``begin`` bytes, at most some hundred kilobytes of them."""
    try:
        with file.open("rb") as content:
            size = content.seek(0, 2)
            begin = begin if begin <= size else 0  # the file was rotated meanwhile
            content.seek(max(begin, size - _READ_BYTES))
            return content.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return []


def most_telling(lines: Iterable[str]) -> str:
    """The line that says best why a Java server died; an empty string when there is no line at all."""
    lines = [line.strip() for line in lines if not re.match(r"\s+at |\s+\.\.\. \d+ more", line)]
    for pattern in _TELLING:
        for line in reversed(lines):
            if pattern.search(line):
                return line.removeprefix("Caused by: ").removeprefix("ERROR: ")[:_LONGEST]
    return ""


def is_port_taken(lines: Iterable[str]) -> bool:
    """Whether a server died because another program listens where it wanted to."""
    return any(_PORT_TAKEN.search(line) for line in lines)
