"""The web application behind the links: reads them, shows alerts, and records what people do. See this package's table."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from pipeline.errors import FlagpostError, KafkaUnavailable
from pipeline.log import get_logger
from pipeline.page.actions import possible
from pipeline.page.http import pages
from pipeline.page.http.following import Alerts
from pipeline.page.http.form import Refusal, kind_of, press_in
from pipeline.page.http.html import HEADERS
from pipeline.page.http.often import Often
from pipeline.page.links import LinkClaim, LinkExpired, LinkInvalid, Links
from pipeline.page.people import is_overtaken
from schemas.alert import Action, Alert

MAX_IN_WORK: Final = 32
"""Actions on their way to Kafka at once."""

MAX_REMEMBERED: Final = 10_000
"""Tokens of actions that went out from here, so that a second press of a button sends none, and a page can say so."""

ANSWER_SECONDS: Final = 3.0
"""So long the page stage's answer is waited for before a person is told that it is to come."""

RETRY_AFTER: Final = {"Retry-After": "5"}

log = get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LinksServer:
    """The handlers. ``publish`` blocks until an action is durable, or raises a `FlagpostError`."""

    def __init__(
        self,
        links: Links,
        alerts: Alerts,
        publish: Callable[[Action], None],
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = ANSWER_SECONDS,
    ) -> None:
        self._links = links
        self._alerts = alerts
        self._publish = publish
        self._now = now
        self._patience = patience
        self._often = Often(monotonic)
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._sent: dict[str, None] = {}
        self._stopping = False

    def application(self) -> web.Application:
        app = web.Application(middlewares=[_always_a_page])
        app.router.add_get("/a/{token}", self.show)
        app.router.add_post("/a/{token}", self.act)
        app.router.add_get("/healthz", self.health)
        app.on_response_prepare.append(_with_headers)
        return app

    async def show(self, request: web.Request) -> web.Response:
        """GET and HEAD: changes nothing, whoever asks."""
        claim = self._claim(request)
        alert = self._alert(claim)
        kind = kind_of(request.query.get("done"))
        now = self._now()
        if kind is not None and claim.token(kind) in alert.too_late:
            return _page(200, pages.needless_page(alert, kind, False, now))
        if kind is not None and claim.token(kind) in alert.spent:
            return _page(200, pages.recorded_page(alert, kind, now))
        if kind is not None and claim.token(kind) in self._sent:
            return _page(202, pages.pending_page(alert, kind, now))
        return _page(200, pages.alert_page(alert, claim, now))

    async def act(self, request: web.Request) -> web.Response:
        claim = self._claim(request)
        pressed = await press_in(request)
        alert = self._alert(claim)
        kind, token = pressed.kind, claim.token(pressed.kind)
        action = Action(
            alert=claim.alert,
            kind=kind,
            by=claim.recipient,
            at=self._now(),
            via="link",
            step=pressed.step if kind == "escalate" else None,
            token=token,
        )
        used = token in alert.spent
        if used or kind not in possible(alert) or is_overtaken(alert, action):
            return _page(409, pages.needless_page(alert, kind, used, self._now()))
        if token not in self._sent:
            await self._send(action, token)
            await self._answered(claim.alert, token)
        raise web.HTTPSeeOther(f"?done={kind}")  # relative: a proxy may have put this page anywhere

    async def health(self, _request: web.Request) -> web.Response:
        try:
            self._alerts.check()
        except FlagpostError as error:
            return web.json_response({"status": "trouble", "detail": error.message}, status=503)
        return web.json_response({"status": "ok"})

    async def finish(self) -> None:
        """Takes no more actions, and returns when those on their way to Kafka are answered."""
        self._stopping = True
        await asyncio.gather(*self._sending.values(), return_exceptions=True)

    def _claim(self, request: web.Request) -> LinkClaim:
        """What the link proves. Raises `Refusal`."""
        try:
            claim = self._links.read(request.match_info["token"], self._now())
        except LinkInvalid:
            log.debug("a link that is none of ours", remote=request.remote)  # anybody can, as often as they like
            raise Refusal(404, pages.no_such_link()) from None
        except LinkExpired:
            raise Refusal(410, pages.expired()) from None
        if not self._often.allows(claim.page):
            log.warning("a link is used too often", remote=request.remote, alert=claim.alert)
            raise Refusal(429, pages.too_often())
        return claim

    def _alert(self, claim: LinkClaim) -> Alert:
        """The alert as it is now. Raises `Refusal`."""
        try:
            alert = self._alerts.get(claim.alert)
        except KafkaUnavailable:
            raise Refusal(503, pages.away()) from None
        if alert is None:
            raise Refusal(410, pages.kept_no_more())
        return alert

    async def _send(self, action: Action, token: str) -> None:
        """Returns when the action is durable; a button that is pressed twice sends one. Raises `Refusal`."""
        task = self._sending.get(token)
        if task is None:
            if self._stopping or len(self._sending) >= MAX_IN_WORK:
                raise Refusal(503, pages.not_recorded())
            task = self._sending[token] = asyncio.create_task(asyncio.to_thread(self._publish, action))
            task.add_done_callback(lambda done: self._ended(action, done))
        try:
            await asyncio.shield(task)  # what was begun is finished, though its sender may hang up
        except FlagpostError:
            raise Refusal(503, pages.not_recorded()) from None

    def _ended(self, action: Action, task: asyncio.Task[None]) -> None:
        assert action.token is not None
        del self._sending[action.token]
        told = {"alert": action.alert, "kind": action.kind, "by": action.by}
        error = None if task.cancelled() else task.exception()
        if error is not None or task.cancelled():
            log.warning("action not recorded", **told, error=str(error))
            return
        log.info("action recorded", **told)
        self._sent[action.token] = None
        if len(self._sent) > MAX_REMEMBERED:
            del self._sent[next(iter(self._sent))]

    async def _answered(self, alert_id: str, token: str) -> None:
        """Returns when the page stage has seen to it, or when that takes too long."""
        deadline = asyncio.get_running_loop().time() + self._patience
        while asyncio.get_running_loop().time() < deadline:
            try:
                alert = self._alerts.get(alert_id)
            except KafkaUnavailable:
                return
            if alert is None or token in alert.spent:
                return
            await asyncio.sleep(0.05)


def _page(status: int, page: str) -> web.Response:
    return web.Response(
        status=status,
        text=page,
        content_type="text/html",
        charset="utf-8",
        headers=RETRY_AFTER if status == 503 else None,
    )


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


@web.middleware
async def _always_a_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        response = _page(refusal.status, refusal.page)
        if not request.content.is_eof():
            response.force_close()  # its body was not read, and is not worth reading
        return response
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        response = _page(error.status, pages.no_such_link())
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:
        log.exception("request failed", remote=request.remote)
        return _page(500, pages.unexpected())
