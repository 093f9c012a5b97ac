"""Runs stages as processes of their own and starts one again when it ends, whatever it ended of."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from pipeline.log import get_logger
from pipeline.retry import RetryPolicy

log = get_logger(__name__)

STAGES: Final = ("classify", "index", "alert", "page", "review")

# Exit codes of a worker, after BSD's sysexits.h. The worker is started again after each of them.
EXIT_FAULT: Final = 70
EXIT_OUTAGE: Final = 75
EXIT_HALTED: Final = 78

SUPERVISOR_VARIABLE: Final = "FLAGPOST_SUPERVISOR_PID"
"""Process that started the worker; the worker ends when it is gone."""

SETTLED_AFTER: Final = 60.0
"""Seconds of life after which a worker counts as healthy, so that its next restart is quick again."""

GRACE: Final = 10.0
"""Seconds that a worker has to end after SIGTERM; a batch in work is given up, unacked, and delivered again."""


class Supervisor:
    """Keeps one process running for each stage named; a stage named twice gets two."""

    def __init__(self, stages: Sequence[str], logs: Path | None = None) -> None:
        self._stages = stages
        self._logs = logs
        self._stop = asyncio.Event()
        self._restarts = RetryPolicy(first=0.5, longest=15.0)

    async def run(self) -> None:
        """Returns after SIGINT or SIGTERM, when every worker has ended."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        slots: Counter[str] = Counter()
        async with asyncio.TaskGroup() as group:
            for stage in self._stages:
                group.create_task(self._keep_running(stage, slots[stage]))
                slots[stage] += 1

    async def _keep_running(self, stage: str, slot: int) -> None:
        short_lives = 0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                reason = _meaning(await self._run_once(stage, slot))
            except OSError as error:
                reason = f"it can't be started ({error.strerror})"
            if self._stop.is_set():
                return
            short_lives = 1 if time.monotonic() - started > SETTLED_AFTER else short_lives + 1
            wait = self._restarts.wait(short_lives, random.random)
            log.warning("worker ended", stage=stage, slot=slot, reason=reason, restart_in_s=round(wait, 1))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stop.wait()

    async def _run_once(self, stage: str, slot: int) -> int:
        with self._log_file(stage) as output:
            process = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-m",
                    "faust",
                    "--quiet",
                    "-A",
                    f"agents.{stage}",
                    "worker",
                    "--without-web",
                    "-l",
                    "info",
                ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,  # Faust draws a spinner there; logs go to stderr
                stderr=output,
                env={**os.environ, SUPERVISOR_VARIABLE: str(os.getpid())},
                # Its own session: Ctrl-C in the terminal reaches the supervisor alone, which then asks in turn.
                start_new_session=True,
            )
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(GRACE):
                    await asyncio.shield(ended)
            except TimeoutError:
                log.warning("worker killed", stage=stage, slot=slot, reason=f"did not end within {GRACE:g} s")
                process.kill()
        return await ended

    def _log_file(self, stage: str) -> contextlib.AbstractContextManager[IO[Any] | None]:
        if self._logs is None:
            return contextlib.nullcontext(None)
        self._logs.mkdir(parents=True, exist_ok=True)
        return (self._logs / f"{stage}.log").open("ab")


def _meaning(code: int) -> str:
    meanings = {
        EXIT_FAULT: "an unexpected fault",
        EXIT_OUTAGE: "an outage of Kafka or Elasticsearch",
        EXIT_HALTED: "halted",
    }
    if code == 1:
        return "it could not start; most often Kafka was not there"
    if code < 0:
        return f"killed by signal {-code}"
    return meanings.get(code, f"exit code {code}")
