"""A worker says every few seconds how it is, on `[workers]`: to operators on any machine, and to the page stage's watch."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
from collections.abc import Callable
from importlib import metadata
from typing import Final

from pipeline.log import get_logger
from pipeline.message import Outgoing, Producer
from pipeline.metrics import Health
from schemas import codec
from schemas.topics import WORKERS
from schemas.worker import WorkerReport, WorkerState

log = get_logger(__name__)

SAID_WITHIN: Final = 2.0
"""Seconds that a report may take to be acknowledged; the next one follows soon."""

_MOST_DETAIL: Final = 512


class Reporter:
    """Says how one worker is. Never raises, and takes at most `SAID_WITHIN` seconds: work goes on without it."""

    def __init__(
        self,
        stage: str,
        producer: Producer,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        host: str | None = None,
        pid: int | None = None,
    ) -> None:
        self._stage = stage
        self._producer = producer
        self._clock = clock
        self._host = host or hostname()
        self._pid = os.getpid() if pid is None else pid
        self._started_at = clock()
        self._version = _version()
        self._over = False
        self.model: str | None = None
        """name@version of the model that the stage judges with, once it is known."""

    async def say(self, health: Health) -> None:
        """Says what /healthz says."""
        if not self._over:
            await self._say(health.state, health.detail, health.lag)

    async def ended(self) -> None:
        """Says that the worker ended as it was asked to; after that it says nothing more."""
        self._over = True
        await self._say("ended")

    async def _say(self, state: WorkerState, detail: str = "", lag: int | None = None) -> None:
        report = WorkerReport(
            stage=self._stage,
            host=self._host,
            pid=self._pid,
            started_at=self._started_at,
            at=self._clock(),
            state=state,
            version=self._version,
            detail=detail[:_MOST_DETAIL],
            lag=lag,
            model=self.model,
        )
        try:
            async with asyncio.timeout(SAID_WITHIN):
                await (await self._producer.send(Outgoing(WORKERS, report.key.encode(), codec.encode(report))))
        except Exception as error:
            # Whatever it is, the stage's own sending meets it too and deals with it.
            log.debug("report not sent", stage=self._stage, reason=type(error).__name__)


def hostname() -> str:
    """This machine's name, as its workers report it."""
    return socket.gethostname()


def _version() -> str:
    try:
        return metadata.version("flagpost")
    except metadata.PackageNotFoundError:
        return "unknown"
