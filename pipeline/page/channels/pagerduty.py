"""PagerDuty's Events API v2, with its own client (https://developer.pagerduty.com/docs/events-api-v2-overview).

An alert is one incident: its id is the ``dedup_key``, so whatever comes twice is one event of it. What is acknowledged or
resolved in flagpost is so there; what is acknowledged there flagpost does not learn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

from pagerduty import Error, EventsApiV2Client, HttpError

from pipeline.alert.rules import PagerDutyChannel
from pipeline.page.channels import secret
from pipeline.page.channels.answers import problem_of
from pipeline.page.channels.post import checked_url
from pipeline.page.channels.threads import Threads, silence
from pipeline.page.notice import ChannelFailed, ChannelRefused, Notice

SUMMARY_CHARACTERS: Final = 1024
SOURCE: Final = "flagpost"
PATIENCE: Final = 10
"""Seconds for one request."""


class PagerDutySender:
    """Sends events of one integration."""

    def __init__(self, name: str, new_client: Callable[[], EventsApiV2Client]) -> None:
        self._new_client = new_client
        self._clients: list[EventsApiV2Client] = []
        self._of_thread = threading.local()
        self._threads = Threads(name)

    @classmethod
    def open(cls, name: str, channel: PagerDutyChannel) -> PagerDutySender:
        """Raises `InvalidSettings`."""
        if channel.url:
            checked_url(channel.url, name, ("https",))  # its client speaks nothing else
        silence("pagerduty", "httpx2", "httpcore2")
        return cls(name, partial(_client, secret.read(channel.routing_key, name), channel.url))

    async def send(self, notice: Notice) -> str:
        return await self._threads.run(partial(self._send, notice))

    async def close(self) -> None:
        self._threads.close()
        for client in self._clients:
            client.close()

    def _send(self, notice: Notice) -> str:
        client = self._client()
        try:
            if rings_anew(notice):
                client.send_event("resolve", notice.alert.id)
            client.send_event(action_of(notice), notice.alert.id, **event(notice))
        except HttpError as error:  # its message quotes the answer, and the end of the key
            raise _problem(error) from None
        except Error:
            raise ChannelFailed("nobody answers at its address") from None
        return "202 Accepted"

    def _client(self) -> EventsApiV2Client:
        """This thread's own. One for all has one TLS context, which each connection sets up anew: of two that begin at once,
        one now and then was refused by the service ("bad extension").
        """
        if not hasattr(self._of_thread, "client"):
            self._of_thread.client = self._new_client()
            self._clients.append(self._of_thread.client)
        client: EventsApiV2Client = self._of_thread.client
        return client


def _client(key: str, url: str | None) -> EventsApiV2Client:
    client = EventsApiV2Client(key, base_url=url)
    client.timeout = PATIENCE
    # When to try again is decided by the page stage, which writes it down first. The client would sleep and ask again,
    # on 429 without end.
    client.retry = {429: 1}
    client.max_http_attempts = -1
    client.max_network_attempts = 0
    return client


def _problem(error: HttpError) -> ChannelRefused | ChannelFailed:
    response = error.response
    problem = problem_of(response.status_code, response.headers.get("Retry-After")) if response is not None else None
    return problem or ChannelFailed("its answer is not PagerDuty's")


def action_of(notice: Notice) -> Literal["trigger", "acknowledge", "resolve"]:
    """What happens to the incident."""
    match notice.page.kind:
        case "acknowledged":
            return "acknowledge"
        case "resolved":
            return "resolve"
        case _:
            return "trigger"


def rings_anew(notice: Notice) -> bool:
    """Whether the page calls somebody although the alert was acknowledged: a trigger of an incident that is acknowledged
    rings nobody, so that one ends first and another one begins.
    """
    alert, kind = notice.alert, notice.page.kind
    calls = action_of(notice) == "trigger"
    return calls and (alert.state == "acknowledged" or (kind == "escalation" and alert.acknowledged_at is not None))


def event(notice: Notice) -> dict[str, Any]:
    """The rest of the event. Pure."""
    if action_of(notice) != "trigger":
        return {}
    alert = notice.alert
    properties: dict[str, Any] = {
        "client": SOURCE,
        "payload": {
            "summary": notice.title[:SUMMARY_CHARACTERS],
            "source": SOURCE,
            "severity": alert.severity,
            "timestamp": alert.opened_at.isoformat(),
            "class": alert.rule,
            "group": alert.group,
            "custom_details": {"text": notice.text, "posts": alert.count, "page": notice.page.id},
        },
    }
    if notice.link:
        properties["client_url"] = notice.link
        properties["links"] = [{"href": notice.link, "text": "Acknowledge, escalate or resolve in flagpost"}]
    return properties
