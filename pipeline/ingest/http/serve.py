"""Runs the application until SIGTERM or Ctrl-C; then takes no more requests and finishes those in work."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from pipeline.errors import InvalidInput
from pipeline.ingest.http.connections import MAX_CONNECTIONS, BoundedConnections
from pipeline.log import get_logger

log = get_logger(__name__)


class Server(Protocol):
    """What is served."""

    def application(self) -> web.Application: ...

    async def finish(self) -> None:
        """Takes no more requests, and returns when those in work are answered."""
        ...


async def serve(
    server: Server, host: str, port: int, ready: Callable[[str], None], most: int = MAX_CONNECTIONS
) -> None:
    """Calls ``ready`` with the URL once requests are taken, on ``most`` connections at once.

    Raises `InvalidInput` when the address can't be had.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Bodies are not unpacked: a packed one is refused, and a small one could unpack to gigabytes.
    runner = web.AppRunner(
        server.application(),
        access_log=None,
        auto_decompress=False,
        handle_signals=False,
        shutdown_timeout=1.0,
        keepalive_timeout=30,
        lingering_time=1.0,  # for the rest of a body that was refused before it was read
    )
    await runner.setup()
    assert runner.server is not None
    try:
        listening = await loop.create_server(BoundedConnections(runner.server, most), host, port)
    except OSError as error:
        await runner.cleanup()
        raise InvalidInput(
            f"Nothing can listen on {host}:{port} ({error.strerror}).",
            "Set FLAGPOST_HTTP_HOST and FLAGPOST_HTTP_PORT, or --host and --port, to a free address of this machine.",
        ) from None
    address = listening.sockets[0].getsockname()
    ready(f"http://{address[0]}:{address[1]}")
    log.info("listening", host=address[0], port=address[1])
    await stop.wait()
    log.info("stopping")
    # In this order: aiohttp's own clean-up stops listening to bodies that are still on their way.
    listening.close()
    await server.finish()
    await runner.cleanup()
    log.info("stopped")
