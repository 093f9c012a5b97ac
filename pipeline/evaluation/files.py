"""The files that reports are written to."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline.errors import InvalidInput


def require_writable(path: Path | None, option: str, inputs: tuple[Path, ...]) -> None:
    """Raises `InvalidInput` before any work is done where ``path`` can't be written, or is one of the ``inputs``."""
    if path is None:
        return
    if path.is_dir():
        raise InvalidInput(f"{option} names a folder: {path}.", "Name a file in it.")
    if any(one.exists() and path.exists() and one.samefile(path) for one in inputs):
        raise InvalidInput(f"{option} names the file that is read: {path}.", "Name another one.")
    existing = path if path.exists() else path.absolute().parent
    if not existing.exists():
        raise InvalidInput(f"{option} names a file in a folder that doesn't exist: {existing}.", f"mkdir -p {existing}")
    if not os.access(existing, os.W_OK):
        raise InvalidInput(f"{option} can't be written: {path}.", "Name another file, or correct its rights.")


def json_of(report: Struct) -> bytes:
    """``report`` as indented JSON with a line's end."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
