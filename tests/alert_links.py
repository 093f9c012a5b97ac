"""For tests of the endpoint behind the links: one alert, links to it, and a page stage in memory."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from pipeline.errors import FlagpostError
from pipeline.page.http.app import LinksServer
from pipeline.page.links import Links
from schemas.alert import Action, ActionKind, Alert
from tests.doubles.manual_clock import ManualClock
from tests.notices import OPENED, alert

URL = "https://alerts.example"
LINKS = Links(URL, "k" * 32)
ALERT = alert()
PAGE = f"msg_{ALERT.id}.1"
NOW = OPENED + dt.timedelta(minutes=3)
KINDS: list[ActionKind] = ["acknowledge", "escalate", "resolve"]

Client = TestClient[web.Request, web.Application]


@dataclass
class Stage:
    """`[alerts]` and `[alert-actions]` in memory; ``answers`` says what the page stage makes of an action at once."""

    alerts: dict[str, Alert] = field(default_factory=lambda: {ALERT.id: ALERT})
    away: FlagpostError | None = None
    answers: bool = True
    trouble: FlagpostError | None = None
    may_publish: threading.Event = field(default_factory=threading.Event)
    actions: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_publish.set()

    def get(self, alert_id: str) -> Alert | None:
        self.check()
        return self.alerts.get(alert_id)

    def check(self) -> None:
        if self.away:
            raise self.away

    def publish(self, action: Action) -> None:
        assert self.may_publish.wait(10)
        if self.trouble:
            raise self.trouble
        self.actions.append(action)
        if self.answers:
            self.answer(action)

    def answer(self, action: Action) -> None:
        changed: dict[str, Any] = {
            "acknowledge": {"state": "acknowledged", "acknowledged_by": action.by, "acknowledged_at": action.at},
            "escalate": {"state": "open", "step": 1},
            "resolve": {"state": "resolved", "resolved_by": action.by, "resolved_at": action.at},
        }[action.kind]
        self.become(spent=[*self.alerts[action.alert].spent, action.token], **changed)

    def become(self, **changed: Any) -> None:
        self.alerts[ALERT.id] = msgspec.structs.replace(self.alerts[ALERT.id], **changed)


def link(page: str = PAGE, at: dt.datetime = NOW, recipient: str = "duty-inspector", of: Links = LINKS) -> str:
    return of.url(ALERT.id, recipient, page, at).removeprefix(URL)


async def press(client: Client, kind: str, path: str = "", follow: bool = True) -> ClientResponse:
    return await client.post(path or link(), data={"kind": kind}, allow_redirects=follow)


@contextlib.asynccontextmanager
async def answering(stage: Stage, clock: ManualClock) -> AsyncIterator[Client]:
    """A client of an endpoint with ``stage`` behind it."""
    server = LinksServer(LINKS, stage, stage.publish, clock.wall, clock.monotonic, patience=0.2)
    async with TestClient(TestServer(server.application())) as client:
        yield client
