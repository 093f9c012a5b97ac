"""How many may be connected at once: one who comes beyond that is answered 503, unread, and the connection is closed.

aiohttp bounds how long a connection may be silent, and not how many there are; each costs a file descriptor and memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from aiohttp import web

from pipeline.log import get_logger

MAX_CONNECTIONS: Final = 512
"""Sixteen times the requests in work at once, and half of the file descriptors that a process usually gets."""

TOLD_EVERY: Final = 60.0
"""Seconds between two lines in the log about connections that were sent away."""

SENT_AWAY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: application/json; charset=utf-8\r\nContent-Length: 34\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
    b'{"error": "Too many connections."}'
)

log = get_logger(__name__)


class BoundedConnections:
    """A protocol factory for `asyncio.loop.create_server` in front of aiohttp's ``server``."""

    def __init__(
        self, server: web.Server, most: int = MAX_CONNECTIONS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._most = most
        self._monotonic = monotonic
        self._sent_away = 0
        self._tell_at = 0.0

    def __call__(self) -> asyncio.Protocol:
        return _Arrival(self)

    def arrived(self, transport: asyncio.Transport) -> None:
        """Hands the connection on to aiohttp, or ends it."""
        if len(self._server.connections) < self._most:
            handler = self._server()
            transport.set_protocol(handler)
            handler.connection_made(transport)
            return
        transport.write(SENT_AWAY)
        transport.close()
        self._sent_away += 1
        if self._monotonic() >= self._tell_at:
            self._tell_at = self._monotonic() + TOLD_EVERY
            log.warning("too many connections", open=self._most, sent_away=self._sent_away)
            self._sent_away = 0


class _Arrival(asyncio.Protocol):
    """Decides once the connection is made, not before: of many that come at once aiohttp counts only those."""

    def __init__(self, bounded: BoundedConnections) -> None:
        self._bounded = bounded

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._bounded.arrived(transport)
