"""GOV.UK Notify: SMS or mail, with its own client (https://docs.notifications.service.gov.uk/python.html).

Notify sends what it is given twice, twice. So it is asked before another try whether it has the page already.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from notifications_python_client.errors import HTTPError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient

from pipeline.alert.rules import NotifyChannel
from pipeline.errors import InvalidSettings
from pipeline.page.channels import secret
from pipeline.page.channels.answers import problem_of
from pipeline.page.channels.post import checked_url
from pipeline.page.channels.threads import Threads, silence
from pipeline.page.notice import ChannelFailed, ChannelRefused, Notice

SMS_CHARACTERS: Final = 918
"""Most of an SMS, its template's own words included; Notify refuses a longer one."""

TEMPLATE_CHARACTERS: Final = 100
"""Left for the template's own words."""

HOST: Final = "https://api.notifications.service.gov.uk"
PATIENCE: Final = 7.0
"""Seconds for one request; a second try makes two of them."""

_UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY: Final = re.compile(rf".*{_UUID}-{_UUID}", re.DOTALL)
_KIND: Final = re.compile("[A-Za-z]{1,40}")


class NotifySender:
    """Sends pages by one template."""

    def __init__(self, name: str, channel: NotifyChannel, api_key: str) -> None:
        self._channel = channel
        self._api_key = api_key
        self._threads = Threads(name)

    @classmethod
    def open(cls, name: str, channel: NotifyChannel) -> NotifySender:
        """Raises `InvalidSettings`."""
        api_key = secret.read(channel.api_key, name)
        if not _KEY.fullmatch(api_key):
            raise InvalidSettings(
                f"{secret.place_of(channel.api_key)} holds no API key of GOV.UK Notify, which channel {name} needs.",
                "It is a name and two UUIDs, joined by dashes; see API integration in your Notify service.",
            )
        if channel.url:
            checked_url(channel.url, name, ("https", "http"))
        silence("notifications_python_client", "urllib3")
        return cls(name, channel, api_key)

    async def send(self, notice: Notice) -> str:
        if not notice.address:
            raise ChannelRefused("the recipient has no address in this channel")
        return await self._threads.run(partial(self._send, notice))

    async def close(self) -> None:
        self._threads.close()

    def _send(self, notice: Notice) -> str:
        client = self._client()
        try:
            if notice.page.tries > 1 and _has(client, notice.page.id):
                return "taken at an earlier try"
            taken = self._ask(client, notice)
        except HTTPError as error:
            raise _problem(error) from None
        except InvalidResponse:
            raise ChannelFailed("its answer is not Notify's") from None
        finally:
            client.request_session.close()
        number = taken.get("id") if isinstance(taken, dict) else None
        return f"taken as {number}" if isinstance(number, str) and re.fullmatch(_UUID, number) else "taken"

    def _ask(self, client: NotificationsAPIClient, notice: Notice) -> Any:
        template, reference = self._channel.template, notice.page.id
        words = personalisation(notice, self._channel.sends)
        if self._channel.sends == "sms":
            return client.send_sms_notification(notice.address, template, words, reference)
        # A post's words must not become a link or a heading of ours.
        return client.send_email_notification(
            notice.address, template, words, reference, sanitise_content_for=["title", "text"]
        )

    def _client(self) -> NotificationsAPIClient:
        """One for each page: it is not made for several threads."""
        client = NotificationsAPIClient(self._api_key, base_url=self._channel.url or HOST, timeout=PATIENCE)
        client.request_session.max_redirects = 0
        return client


def personalisation(notice: Notice, sends: str) -> dict[str, str]:
    """What fills the template's placeholders; an SMS is cut to what Notify takes, from the end of ``text``. Pure."""
    text, link = notice.text, notice.link or ""
    if sends == "sms":
        room = SMS_CHARACTERS - TEMPLATE_CHARACTERS - len(notice.title) - len(link)
        text = text if len(text) <= room else text[: max(room - 1, 0)].rstrip() + "…"
    return {"title": notice.title, "text": text, "link": link}


def _has(client: NotificationsAPIClient, reference: str) -> bool:
    found = client.get_all_notifications(reference=reference)
    return bool(isinstance(found, dict) and found.get("notifications"))


def _problem(error: HTTPError) -> ChannelRefused | ChannelFailed:
    """Why, without Notify's own sentence: it may quote what it was sent."""
    if error.response is None:
        return ChannelFailed("nobody answers at its address")
    kinds = {str(one.get("error", "")) for one in _errors(error)}
    named = ", ".join(sorted(kind for kind in kinds if _KIND.fullmatch(kind)))
    problem = problem_of(error.status_code, error.response.headers.get("Retry-After"), detail=named)
    return problem or ChannelFailed("its answer is not Notify's")


def _errors(error: HTTPError) -> list[dict[str, Any]]:
    told = error.message
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
