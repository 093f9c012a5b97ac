"""Opens what a command is given to read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import InvalidInput


def open_input(file: Path) -> BinaryIO:
    """The bytes of ``file``, or of standard input where it is ``-``. Raises `InvalidInput`."""
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise InvalidInput(
            f"{file} can't be read ({error.strerror}).", "Name a readable file, or - for stdin."
        ) from None
