"""Small files of state that other processes read: whoever reads one finds what it held before or what it holds now."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, synced: bool = False) -> None:
    """Puts ``content`` in the place of what ``path`` held, in one step. Raises `OSError`.

    With ``synced`` it is also the old or the new content, whole, that a machine finds after its power failed.
    """
    # A name of this process's own: two that write the same file at once must not take each other's draft away.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            if synced:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
