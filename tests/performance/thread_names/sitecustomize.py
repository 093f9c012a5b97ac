"""Gives a Python process's threads their names in the operating system too, as Python itself does from 3.14 on.

Python runs this at its start when the folder stands in PYTHONPATH. So `tests.performance.watch` can tell the CPU time of the
inference thread from that of the event loop. A thread that a library starts in C has the name of the one that started it.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any

_PR_SET_NAME = 15
_prctl = getattr(ctypes.CDLL(None), "prctl", None)  # Linux only
_begin: Any = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]


def _named(thread: threading.Thread) -> None:
    if _prctl is not None:
        _prctl(_PR_SET_NAME, thread.name.encode()[:15], 0, 0, 0)
    _begin(thread)


threading.Thread._bootstrap_inner = _named  # type: ignore[attr-defined]
