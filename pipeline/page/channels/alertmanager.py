"""Prometheus Alertmanager's API v2 (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).

Group there by ``flagpost_alert``: each alert is a story already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import TCPConnector
from yarl import URL

from pipeline.alert.rules import AlertmanagerChannel
from pipeline.page.channels import secret
from pipeline.page.channels.post import PATIENCE, Poster, checked_url
from pipeline.page.notice import Notice
from schemas.alert import SEVERITIES

FIRES_FOR: Final = dt.timedelta(days=8)
"""From an alert's last news, unless it is resolved before. Alertmanager takes an alert without an end for resolved after
minutes; flagpost resolves every one itself, 7 days after its last news at the latest."""

SKEW: Final = dt.timedelta(minutes=1)
"""By so much Alertmanager's clock may be behind: of an end that is still to come there it keeps the one it had before."""

TEST_FIRES_FOR: Final = dt.timedelta(minutes=5)


class AlertmanagerSender:
    """Sends alerts to one Alertmanager, which is usually in a private network."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @classmethod
    def open(
        cls,
        name: str,
        channel: AlertmanagerChannel,
        *,
        patience: float = PATIENCE,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> AlertmanagerSender:
        """The URL is Alertmanager's own, without a path or with its route prefix. Raises `InvalidSettings`."""
        url = channel.url if isinstance(channel.url, str) else secret.read(channel.url, name)
        base = checked_url(url, name, ("https", "http"), user_info=True)
        return cls(Poster(_alerts_of(base), TCPConnector, patience, now=now))

    async def send(self, notice: Notice) -> str:
        return await self._poster.post(msgspec.json.encode(alerts(notice)), {"Content-Type": "application/json"})

    async def close(self) -> None:
        await self._poster.close()


def alerts(notice: Notice) -> list[dict[str, Any]]:
    """The alert, and the end of what it was before it became graver: to Alertmanager other labels are another alert, and
    the end of one that it does not know tells nobody. Pure.
    """
    told = alert(notice)
    if notice.page.kind == "open":
        return [told]
    others = [severity for severity in SEVERITIES if severity != notice.alert.severity]
    ended = {**told, "endsAt": notice.alert.opened_at}
    return [told, *({**ended, "labels": {**told["labels"], "severity": severity}} for severity in others)]


def alert(notice: Notice) -> dict[str, Any]:
    """The alert as Alertmanager takes it. Labels stay the same as long as it is the same alert and as grave. Pure."""
    ours = notice.alert
    ends_at = ours.updated_at + (TEST_FIRES_FOR if notice.test else FIRES_FOR)
    if notice.page.kind == "resolved":
        ends_at = max((ours.resolved_at or ours.updated_at) - SKEW, ours.opened_at)
    told: dict[str, Any] = {
        "labels": {"alertname": ours.rule, "severity": ours.severity, "flagpost_alert": ours.id},
        "annotations": {"summary": notice.title, "description": notice.text, "page": notice.page.id},
        "startsAt": ours.opened_at,
        "endsAt": ends_at,
    }
    if notice.link:
        told["generatorURL"] = notice.link
    return told


def _alerts_of(base: URL) -> URL:
    path = base.path.rstrip("/")
    return base.with_path(path if path.endswith("/api/v2/alerts") else f"{path}/api/v2/alerts")
