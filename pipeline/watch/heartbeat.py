"""The dead-man's switch: a service outside (Healthchecks.io, Dead Man's Snitch, a watchdog of one's own) that is asked for
regularly while everything is well, and that alarms people when it no longer is.
"""

from __future__ import annotations

from typing import Final

import aiohttp

from pipeline.log import get_logger
from pipeline.settings import Settings

log = get_logger(__name__)

ANSWERED_WITHIN: Final = 5.0


class Heartbeat:
    """Asks for the URL of the settings; it is a secret, and no log ever holds it."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.heartbeat_url
        self._session: aiohttp.ClientSession | None = None
        self._failing = False

    @property
    def is_set(self) -> bool:
        return self._url is not None

    async def beat(self) -> bool:
        """Returns whether it was answered with 2xx, within `ANSWERED_WITHIN` seconds. Never raises."""
        if self._url is None:
            return False
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWERED_WITHIN)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)
        try:
            # A redirect might lead the address, which is the secret, to somebody else.
            async with self._session.get(self._url.get_secret_value(), allow_redirects=False) as answer:
                problem = None if answer.ok and answer.status < 300 else f"answered {answer.status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            problem = type(error).__name__
        if problem:
            log.warning("no answer from the dead-man's switch", reason=problem)
        elif self._failing:
            log.info("the dead-man's switch answers again")
        self._failing = problem is not None
        return not self._failing

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
