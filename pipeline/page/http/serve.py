"""Runs the endpoint of the links: follows `[alerts]` and answers until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from pipeline.errors import InvalidInput
from pipeline.ingest.http.connections import MAX_CONNECTIONS
from pipeline.ingest.http.serve import serve
from pipeline.page.actions import publish
from pipeline.page.http.app import LinksServer
from pipeline.page.http.following import FollowedAlerts
from pipeline.page.links import Links
from pipeline.settings import Settings

FIRST_LOOK_SECONDS: Final = 10.0
"""So long it waits at most for the alerts before it listens."""


async def serve_links(
    settings: Settings,
    links: Links,
    host: str,
    port: int,
    ready: Callable[[str], None],
    most: int = MAX_CONNECTIONS,
) -> None:
    """Calls ``ready`` with the URL once requests are taken, be Kafka there or not: people must be told, whatever is down.

    Raises `InvalidInput` when the address can't be had, and `NotSetUp`, `AccessRefused` or `InvalidSettings`.
    """
    with FollowedAlerts(settings) as alerts:
        await asyncio.to_thread(alerts.wait, FIRST_LOOK_SECONDS)
        server = LinksServer(links, alerts, partial(publish, settings))
        try:
            await serve(server, host, port, ready, most)
        except InvalidInput as error:
            error.hint = (
                "Set FLAGPOST_ALERTS_HOST and FLAGPOST_ALERTS_PORT, or --host and --port,"
                " to a free address of this machine."
            )
            raise
