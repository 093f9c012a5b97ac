"""Who runs a command."""

from __future__ import annotations

import getpass

from pipeline.errors import InvalidInput


def signed_on() -> str:
    """The name that this user is signed on with. Raises `InvalidInput` where there is none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise InvalidInput(
            "Nobody is signed on here by name.",
            "Say who you are: set LOGNAME, or give --by NAME where the command has it.",
        ) from None
