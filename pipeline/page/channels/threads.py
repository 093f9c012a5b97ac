"""Runs what blocks, for channels whose client knows no asyncio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from pipeline.page.notice import ChannelFailed

MOST: Final = 8
"""Threads of one channel. A service that hangs holds up its own channel and nothing else."""

PATIENCE: Final = 15.0

Result = TypeVar("Result")


class Threads:
    """Threads of one channel."""

    def __init__(self, channel: str) -> None:
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix=f"channel-{channel}")

    async def run(self, call: Callable[[], Result], patience: float = PATIENCE) -> Result:
        """What ``call`` returns or raises; `ChannelFailed` after ``patience`` seconds, though it may still do its work."""
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        except TimeoutError:
            raise ChannelFailed("no answer in time") from None

    def close(self) -> None:
        """What has not begun never will; what runs comes to its end, for which nobody waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def silence(*loggers: str) -> None:
    """No record of these libraries is logged: they quote addresses, URLs with keys in them, and what a service said."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
