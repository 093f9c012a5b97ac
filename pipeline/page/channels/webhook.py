"""A signed POST, after Standard Webhooks (https://www.standardwebhooks.com).

``webhook-id`` is the page's delivery id, the same at every try: a receiver that remembers it shows a page once.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ssl
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import BaseConnector, TCPConnector
from aiohttp.abc import AbstractResolver
from standardwebhooks import Webhook
from yarl import URL

from pipeline.alert.rules import Secret, WebhookChannel
from pipeline.errors import InvalidSettings
from pipeline.page.channels import secret
from pipeline.page.channels.guard import guarded_connector, require_public_host
from pipeline.page.channels.post import PATIENCE, Poster, checked_url
from pipeline.page.notice import ChannelRefused, Notice
from schemas.alert import PageKind

KEY_BYTES: Final = (24, 64)
"""Least and most of a key, after the standard."""

TYPES: Final[dict[PageKind, str]] = {
    "open": "alert.opened",
    "more": "alert.grown",
    "changed": "alert.changed",
    "repeat": "alert.repeated",
    "escalation": "alert.escalated",
    "reopened": "alert.reopened",
    "acknowledged": "alert.acknowledged",
    "resolved": "alert.resolved",
    "digest": "alert.digest",
}
TEST_TYPE: Final = "alert.test"


class WebhookSender:
    """Sends pages to one URL. Signs with every key that it has, so that a key can be changed without losing a page."""

    def __init__(self, poster: Poster, keys: list[bytes], now: Callable[[], dt.datetime]) -> None:
        self._poster = poster
        self._signers = [Webhook(key) for key in keys]
        self._now = now

    @classmethod
    def open(
        cls,
        name: str,
        channel: WebhookChannel,
        *,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> WebhookSender:
        """``tls`` says whom to trust, instead of this machine's authorities. Raises `InvalidSettings`."""
        url = channel.url if isinstance(channel.url, str) else secret.read(channel.url, name)
        schemes = ("https", "http") if channel.allow_private else ("https",)
        target, proxy = checked_url(url, name, schemes), _proxy_of(channel, name)
        if proxy is not None and not channel.allow_private:
            _require_public(target, name)

        def connector() -> BaseConnector:
            if channel.allow_private or proxy is not None:
                return TCPConnector(resolver=resolver, ssl=tls or True)
            return guarded_connector(resolver, tls)

        poster = Poster(target, connector, patience, now=now, proxy=proxy)
        return cls(poster, keys_of(channel.secret, name), now)

    async def send(self, notice: Notice) -> str:
        body = msgspec.json.encode(payload(notice))
        at = self._now().astimezone(dt.UTC)  # the library takes it for UTC, whatever zone it has
        signatures = [signer.sign(notice.page.id, at, body.decode()) for signer in self._signers]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": notice.page.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        return await self._poster.post(body, headers)

    async def close(self) -> None:
        await self._poster.close()


def _proxy_of(channel: WebhookChannel, name: str) -> URL | None:
    if channel.proxy is None:
        return None
    url = channel.proxy if isinstance(channel.proxy, str) else secret.read(channel.proxy, name)
    return checked_url(url, f"{name} (its proxy)", ("http", "https"), user_info=True)


def _require_public(url: URL, name: str) -> None:
    try:
        require_public_host(url.host or "")
    except ChannelRefused as refusal:
        raise InvalidSettings(f"Channel {name} can't be reached: {refusal}.") from None


def payload(notice: Notice) -> dict[str, Any]:
    """What is sent: what a receiver needs to show the page and to know its alert again. Pure."""
    alert, page = notice.alert, notice.page
    data: dict[str, Any] = {
        "alert": alert.id,
        "rule": alert.rule,
        "severity": alert.severity,
        "state": alert.state,
        "posts": alert.count,
        "opened_at": alert.opened_at,
        "recipient": page.recipient,
        "title": notice.title,
        "text": notice.text,
    }
    if notice.address:
        data["address"] = notice.address
    if notice.link:
        data["link"] = notice.link
    return {
        "type": TEST_TYPE if notice.test else TYPES[page.kind],
        "timestamp": alert.updated_at,
        "data": data,
    }


def keys_of(place: Secret, channel: str) -> list[bytes]:
    """The keys that a secret holds, parted by white space. Raises `InvalidSettings`."""
    keys = []
    for text in secret.read(place, channel).split():
        encoded = text.removeprefix("whsec_")
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        least, most = KEY_BYTES
        if not least <= len(key) <= most:
            raise InvalidSettings(
                f"{secret.place_of(place)} holds no key that channel {channel} can sign with.",
                f"It is whsec_ and the base64 of {least} to {most} random bytes; several keys are parted by a space.",
            )
        keys.append(key)
    return keys
