"""Reads what the rules file only names: a secret in an environment variable, a line of .env, or a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from pipeline.alert.rules import Secret
from pipeline.errors import InvalidSettings

MOST_CHARACTERS: Final = 16 * 1024
"""Of a secret; what is longer is another file."""


def read(secret: Secret, channel: str) -> str:
    """The secret, without white space around it.

    Raises `InvalidSettings` that names ``channel`` and the variable or file, and never what is in it.
    """
    if (secret.env is None) == (secret.file is None):
        raise InvalidSettings(
            f"Channel {channel} does not say where its secret is.",
            "Write {env: NAME} or {file: PATH} in the rules file.",
        )
    if secret.env is not None:
        value = os.environ.get(secret.env) or dotenv_values(".env").get(secret.env) or ""
        where, hint = (
            f"the environment variable {secret.env}",
            f"Set {secret.env} to it, in the environment or in .env.",
        )
    else:
        value, where, hint = _content(secret.file or "", channel), f"the file {secret.file}", "Write it into that file."
    if not value.strip():
        raise InvalidSettings(f"Channel {channel} reads its secret from {where}, which holds nothing.", hint)
    return value.strip()


def place_of(secret: Secret) -> str:
    """Where the secret is, for a sentence about it."""
    return secret.env or secret.file or "the rules file"


def _content(path: str, channel: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(MOST_CHARACTERS)
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSettings(
            f"Channel {channel} reads its secret from the file {path}, which can't be read ({problem}).",
            "Correct the path in the rules file, or the rights of the file.",
        ) from None
