"""Links in pages: whoever holds one may acknowledge, escalate or resolve its alert, each once and for some hours.

A link holds who was paged, with which page and about which alert, signed (HMAC-SHA-256 by itsdangerous) and dated. It is
in clear, so no word of a post is in it. The key is the installation's own; its namespace is signed along, so a link of a
test installation opens nothing in another. A new key ends every link that is out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final
from urllib.parse import quote, urlsplit

from itsdangerous import BadSignature, TimestampSigner
from msgspec import Struct

from pipeline.errors import InvalidSettings
from pipeline.settings import Settings
from schemas.alert import ActionKind

LEAST_SECRET: Final = 32
"""Characters of the key, at the least."""

SKEW: Final = dt.timedelta(minutes=5)
"""By so much the clocks of the page worker and of the endpoint may differ."""

PATH: Final = "/a/"
"""What comes before the token in a link."""


class LinkInvalid(Exception):
    """It was not signed here, with this key, for this installation."""


class LinkExpired(Exception):
    """It was right, and its time is over."""


class LinkClaim(Struct, frozen=True, kw_only=True):
    """What a link proves."""

    alert: str
    recipient: str
    page: str

    def token(self, kind: ActionKind) -> str:
        """What names the one use of this link for ``kind``; the same for every try of its page."""
        return f"{self.page}:{kind}"


class Links:
    """Makes and reads the links of one installation."""

    def __init__(self, url: str, secret: str, namespace: str = "", hours: float = 12.0) -> None:
        self._base = url.rstrip("/") + PATH
        self._secret = secret
        self._salt = f"flagpost-link:{namespace}"
        self._lifetime = dt.timedelta(hours=hours)

    @classmethod
    def of(cls, settings: Settings) -> Links | None:
        """Those of ``settings``; None where no address is set. Raises `InvalidSettings`."""
        if not settings.links_url:
            return None
        _require_usable(settings.links_url, settings.production)
        secret = settings.links_secret.get_secret_value() if settings.links_secret else ""
        if len(secret) < LEAST_SECRET:
            fault = f"has fewer than {LEAST_SECRET} characters" if secret else "is missing"
            raise InvalidSettings(
                f"FLAGPOST_LINKS_URL is set, and the key that links are signed with {fault}.",
                "Make one with `openssl rand -hex 32` and set FLAGPOST_LINKS_SECRET_FILE to the file that holds it,"
                " the same for the page worker and for `flagpost alerts serve`.",
            )
        return cls(settings.links_url, secret, settings.namespace, settings.links_hours)

    def url(self, alert: str, recipient: str, page: str, now: dt.datetime) -> str:
        """The link of one page. ``recipient`` is a name of the rules file: it holds no colon."""
        token = self._signer(now).sign(f"{alert}:{recipient}:{page}").decode()
        return self._base + quote(token, safe=":")

    def read(self, token: str, now: dt.datetime) -> LinkClaim:
        """What the end of a link says. Raises `LinkInvalid` or `LinkExpired`."""
        try:
            value, signed_at = self._signer(now).unsign(token, return_timestamp=True)
            alert, recipient, page = value.decode().split(":", 2)
        except (BadSignature, ValueError):  # what is no text can't be signed, either
            raise LinkInvalid from None
        if signed_at > now + SKEW:
            raise LinkInvalid
        if now >= signed_at + self._lifetime:
            raise LinkExpired
        return LinkClaim(alert=alert, recipient=recipient, page=page)

    def _signer(self, now: dt.datetime) -> _Signer:
        return _Signer(self._secret, self._salt, now)


class _Signer(TimestampSigner):
    """With a clock from outside."""

    def __init__(self, secret: str, salt: str, now: dt.datetime) -> None:
        super().__init__(secret, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())


def _require_usable(url: str, production: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InvalidSettings(
            "FLAGPOST_LINKS_URL is no address that links can begin with.",
            "Write it like https://alerts.example.org: the address at which people's phones reach `flagpost alerts serve`.",
        )
    if "@" in parts.netloc:
        raise InvalidSettings(
            "FLAGPOST_LINKS_URL holds a user name or password, which every page would show.",
            "Leave it out: a link is a secret of its own.",
        )
    if production and parts.scheme != "https":
        raise InvalidSettings(
            f"FLAGPOST_PRODUCTION is on, and links in pages would be followed in plain text ({url}).",
            "Put a proxy with TLS in front of `flagpost alerts serve`, and set FLAGPOST_LINKS_URL to its https:// address.",
        )
