"""Signals as somebody at a terminal sends them."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def heeded(number: signal.Signals) -> Iterator[None]:
    """In this context neither we nor what we start ignores the signal, as whoever started pytest may do: nohup, or a shell
    that runs it in the background.
    """
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)
    try:
        yield
    finally:
        signal.signal(number, before)
