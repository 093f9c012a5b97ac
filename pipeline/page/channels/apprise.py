"""Mail, Slack, Teams, SMS gateways …: whatever Apprise has a URL for (https://github.com/caronc/apprise/wiki).

Apprise asks nobody else, keeps nothing on disk and follows no redirect; what it would log is not logged.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode

from pipeline.alert.rules import AppriseChannel
from pipeline.errors import InvalidSettings
from pipeline.page.channels import secret
from pipeline.page.channels.threads import Threads, silence
from pipeline.page.notice import ChannelFailed, ChannelRefused, Notice
from schemas.alert import Severity

PATIENCE: Final = 15.0
"""Seconds for a page; a service's own limits are 4 s to connect and 4 s to answer."""

ADDRESS: Final = "{address}"
SAMPLES: Final = ("duty@example.org", "+447700900123", "duty")
"""Addresses that a URL is tried with before there is a recipient: of mail, of a phone, a name."""

_MENTION: Final = re.compile(r"@(?=(?:everyone|here|channel|all|room|team)\b)", re.IGNORECASE)
_MASKED: Final = re.compile(r"\]\(")

_TYPES: Final[dict[Severity, NotifyType]] = {
    "critical": NotifyType.FAILURE,
    "error": NotifyType.FAILURE,
    "warning": NotifyType.WARNING,
    "info": NotifyType.INFO,
}


class AppriseSender:
    """Sends pages to the service that one Apprise URL names."""

    def __init__(self, name: str, url: str) -> None:
        self._url = url
        self._threads = Threads(name)

    @classmethod
    def open(cls, name: str, channel: AppriseChannel) -> AppriseSender:
        """Raises `InvalidSettings`."""
        silence("apprise", "urllib3")
        url = secret.read(channel.url, name)
        if not any(_service(url, sample) for sample in SAMPLES):
            raise InvalidSettings(
                f"{secret.place_of(channel.url)} holds no URL that Apprise knows, which channel {name} needs.",
                "See https://github.com/caronc/apprise/wiki for the URL of your service.",
            )
        return cls(name, url)

    async def send(self, notice: Notice) -> str:
        if ADDRESS in self._url and not notice.address:
            raise ChannelRefused("the recipient has no address in this channel")
        if "%" in notice.address:  # some services unquote what was unquoted already
            raise ChannelRefused("the recipient's address holds a %, which no address needs")
        return await self._threads.run(partial(self._send, notice), PATIENCE)

    async def close(self) -> None:
        self._threads.close()

    def _send(self, notice: Notice) -> str:
        # Made anew for each page: Apprise lets seconds pass between two messages of one service object.
        service = _service(self._url, notice.address)
        if service is None:
            raise ChannelRefused("the recipient's address does not fit the service's URL")
        result = Apprise(service).notify(
            body=body(notice),
            title=defused(notice.title),
            notify_type=_TYPES[notice.alert.severity],
            body_format=NotifyFormat.TEXT,
            interpret_escapes=False,
        )
        if not result:
            raise ChannelFailed(f"{service.service_name} did not take it, or did not answer")
        return f"{service.service_name} took it"


def body(notice: Notice) -> str:
    """Text and link. Pure."""
    text = defused(notice.text)
    return f"{text}\n\n{notice.link}" if notice.link else text


def defused(text: str) -> str:
    """``text`` without what a chat obeys though it is sent as plain text: a word that calls everybody in the room, and words
    that hide where their link leads. Pure.
    """
    return _MASKED.sub("] (", _MENTION.sub("@\u2060", text))  # an invisible character that breaks the word


def _service(url: str, address: str) -> Any:
    """Apprise's object for ``url`` with the recipient's ``address`` in it, or None where that is no good."""
    asset = AppriseAsset(
        app_id="flagpost",
        app_desc="flagpost",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode=PersistentStoreMode.MEMORY,
        pgp_autogen=False,
        pem_autogen=False,
        http_redirects=False,
        timezone=dt.UTC,
    )
    return Apprise.instantiate(url.replace(ADDRESS, quote(address, safe="")), asset=asset)
