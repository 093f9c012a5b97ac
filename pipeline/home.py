"""The folder for state on this machine, and whether it can be used."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import InvalidSettings
from pipeline.settings import Settings


def require_home(settings: Settings) -> None:
    """Makes the home folder. Raises `InvalidSettings` when it can't be made or written to."""
    require_folder(settings.home, "Correct its owner or its rights, or choose another folder with FLAGPOST_HOME.")


def require_folder(folder: Path, hint: str) -> None:
    """Makes ``folder``. Raises `InvalidSettings` with ``hint`` when it can't be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        problem = None if os.access(folder, os.W_OK | os.X_OK) else "it can't be written to"
    except OSError as error:
        problem = str(error.strerror)
    if problem:
        raise InvalidSettings(f"The folder {folder} can't be used ({problem}).", hint)
