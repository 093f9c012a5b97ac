"""The dead-man's switch: a service outside (Healthchecks.io, Dead Man's Snitch, a watchdog of one's own) that is asked for
regularly while everything is well, and that alarms people when it no longer is.
"""

from __future__ import annotations

from typing import Final

import aiohttp
from pydantic import SecretStr

from pipeline.log import get_logger

log = get_logger(__name__)

ANSWERED_WITHIN: Final = 5.0


class Heartbeat:
    """Asks for ``url``; it is a secret, and no log ever holds it."""

    def __init__(self, url: SecretStr | None) -> None:
        self._url = url
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
            self._session = _session()
        problem = await _ask(self._session, self._url)
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


async def beat_once(url: SecretStr) -> str | None:
    """The sign of life of what runs now and then. Returns why it was not answered as `Heartbeat.beat` wants it, if so."""
    async with _session() as session:
        return await _ask(session, url)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWERED_WITHIN), trust_env=True)


async def _ask(session: aiohttp.ClientSession, url: SecretStr) -> str | None:
    """None when it was answered with 2xx, else what happened instead, without the address."""
    try:
        # A redirect might lead the address, which is the secret, to somebody else.
        async with session.get(url.get_secret_value(), allow_redirects=False) as answer:
            return None if answer.ok and answer.status < 300 else f"answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return type(error).__name__
