"""Ctrl-C and SIGTERM: the first asks for an orderly end, a second Ctrl-C ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Stopping:
    """A context within which signals only set `signal`; ``told`` is called at the first one. For the main thread."""

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self.signal: signal.Signals | None = None
        self._told = told
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}

    def requested(self) -> bool:
        return self.signal is not None

    def exit_code(self) -> int:
        """What a process ends with that this signal ended; 0 without one."""
        return EXIT_CODES[self.signal] if self.signal else 0

    def __enter__(self) -> Stopping:
        for number in EXIT_CODES:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is None:
            self.signal = signal.Signals(number)
            self._told()
