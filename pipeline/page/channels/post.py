"""One POST of JSON, bounded in time and in what is read of the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import (
    BaseConnector,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
)
from yarl import URL

from pipeline.errors import InvalidSettings
from pipeline.page.channels.answers import delivered
from pipeline.page.notice import ChannelFailed, ChannelRefused

PATIENCE: Final = 15.0
"""Seconds from the first look at a name to the answer's status. Standard Webhooks recommends 15 to 30."""

CONNECTS_WITHIN: Final = 5.0
"""Seconds for one address, so that a dead one leaves time for the next."""


def checked_url(url: str, channel: str, schemes: tuple[str, ...], user_info: bool = False) -> URL:
    """``url`` parsed. Raises `InvalidSettings` that doesn't quote it: it may be a secret itself."""
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parsed = URL(url)
        usable = parsed.scheme in schemes and bool(parsed.host) and parsed.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSettings(f"The URL of channel {channel} is not one that begins with {wanted} and names a host.")
    if not user_info and (parsed.user is not None or parsed.password is not None):
        raise InvalidSettings(
            f"The URL of channel {channel} holds a user name or password, which its host would not ask for.",
            "Remove what stands before the @.",
        )
    return parsed


class Poster:
    """POSTs to one URL. Follows no redirect, uses no proxy that it was not given, keeps no cookie; the body of an answer is
    never read.

    An answer's status tells all; its body may quote a post, be compressed a thousandfold, or never end.
    """

    def __init__(
        self,
        url: URL,
        connector: Callable[[], BaseConnector],
        patience: float = PATIENCE,
        *,
        now: Callable[[], dt.datetime],
        proxy: URL | None = None,
    ) -> None:
        self._proxy = proxy
        self._url = url
        self._connector = connector
        self._timeout = ClientTimeout(total=patience, sock_connect=min(CONNECTS_WITHIN, patience))
        self._now = now
        self._session: ClientSession | None = None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> str:
        """The answer for the log. Raises `ChannelFailed` or `ChannelRefused`."""
        try:
            async with self._opened().post(
                self._url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
                proxy=self._proxy,
            ) as response:
                return delivered(response.status, response.headers.get("Retry-After"), self._now())
        except TimeoutError:
            raise ChannelFailed("no answer in time") from None
        except InvalidURL:  # 127.1 as a host
            raise ChannelRefused("its host is no name and no address") from None
        except (ClientError, OSError) as error:
            raise ChannelFailed(_what_happened(error)) from None
        except ValueError:  # a newline in a header
            raise ChannelRefused("what it needs can't stand in a request") from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> ClientSession:
        if self._session is None:  # needs the loop that it will run on
            self._session = ClientSession(
                connector=self._connector(),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "flagpost"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


def _what_happened(error: Exception) -> str:
    """In words of ours: those of aiohttp quote hosts and headers."""
    match error:
        case ClientProxyConnectionError():
            return "nobody answers at the proxy's address"
        case ClientHttpProxyError():
            return f"the proxy answered {error.status}"
        case ClientConnectorDNSError():
            return "the name of its host can't be resolved"
        case ClientConnectorCertificateError():
            return "its certificate is not trusted"
        case ClientSSLError():
            return "it speaks no TLS that we do"
        case ClientConnectorError():
            return "nobody answers at its address"
        case _:
            return f"the connection broke ({type(error).__name__})"
