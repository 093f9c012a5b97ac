"""Waiting for what must come true, on a machine of any speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 300.0
"""Seconds until a test gives up on what must come true. How long that takes is no test's business, unless it says so: what
takes two seconds here takes a minute where others are at work."""


def wait_for(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = PATIENCE) -> None:
    """Returns once ``condition`` holds; fails with ``what``, asked for then, after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {what() if callable(what) else what}")
