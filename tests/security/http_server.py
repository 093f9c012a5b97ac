"""`flagpost ingest-http` as shipped, on a real socket, but for the time that an idle connection may stay."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from pipeline.ingest.http import app, serve
from pipeline.ingest.http.connections import MAX_CONNECTIONS
from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.http_socket import TOKEN

IDLE_SECONDS = 0.5
"""Instead of the shipped half minute, so that the tests need not wait for it."""


@contextlib.asynccontextmanager
async def serving(
    publisher: ScriptedPublisher,
    monkeypatch: pytest.MonkeyPatch,
    most: int = MAX_CONNECTIONS,
    idle: float = IDLE_SECONDS,
) -> AsyncIterator[int]:
    """The port where it listens; it takes ``most`` connections at once, and none stays idle for longer than ``idle``."""

    def runner(application: web.Application, **options: Any) -> web.AppRunner:
        assert 0 < options["keepalive_timeout"] <= 60
        assert 0 < options["lingering_time"] <= 10
        return web.AppRunner(application, **{**options, "keepalive_timeout": idle, "lingering_time": IDLE_SECONDS})

    monkeypatch.setattr(serve, "web", type("web", (), {"AppRunner": staticmethod(runner)}))
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = app.PostsServer(publisher, TOKEN)
    running = asyncio.create_task(serve.serve(server, "127.0.0.1", 0, ready.set_result, most))
    await asyncio.wait({ready, running}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running  # says why
    yield int(ready.result().rpartition(":")[2])
    signal.raise_signal(signal.SIGTERM)
    await running
