"""The web application: who may send, how much at once, and what is answered and logged."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime as dt
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from aiohttp import web

from pipeline.errors import FlagpostError
from pipeline.ingest.canonical import Defaults
from pipeline.ingest.http.answers import Receipt, Refusal, answer
from pipeline.ingest.http.body import Entry, entries_of, read_body, require_usable
from pipeline.ingest.http.deliver import deliver
from pipeline.ingest.publish import Publisher
from pipeline.ingest.wordings import Wordings
from pipeline.log import get_logger

MAX_REQUESTS: Final = 32
"""Requests in work at once; with 4 MiB each they stay within bounds."""

PATIENCE: Final = 10.0
"""Seconds that a request waits for Kafka's acknowledgements."""

RETRY_AFTER: Final = {"Retry-After": "5"}

log = get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TrustedPublisher(Publisher, Protocol):
    """A publisher that is told when it failed; see `RenewingPublisher`."""

    def check(self) -> None:
        """Raises a `FlagpostError` when nothing can be sent now."""
        ...

    def distrust(self) -> None:
        """Something was not acknowledged."""
        ...


class PostsServer:
    """The handlers. ``token`` None: everybody may send."""

    def __init__(
        self,
        publisher: TrustedPublisher,
        token: str | None,
        defaults: Defaults | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        patience: float = PATIENCE,
        max_requests: int = MAX_REQUESTS,
        wordings: Wordings | None = None,
    ) -> None:
        self._publisher = publisher
        self._token = token
        self._defaults = defaults or Defaults()
        self._now = now
        self._patience = patience
        self._max_requests = max_requests
        self._wordings = wordings
        self._in_work = 0
        self._stopping = False
        self._nothing_in_work = asyncio.Event()
        self._nothing_in_work.set()
        self._threads = concurrent.futures.ThreadPoolExecutor(max_requests, "publish")

    def application(self) -> web.Application:
        app = web.Application(middlewares=[_always_json])
        app.router.add_post("/posts", self.take_posts)
        app.router.add_get("/healthz", self.health)
        return app

    async def take_posts(self, request: web.Request) -> web.Response:
        begin = time.monotonic()
        self._require_token(request)
        require_usable(request)
        with self._slot():
            entries = entries_of(await read_body(request), request.content_type)
            receipt = await self._deliver(entries)
        log.info(
            "posts taken",
            remote=request.remote,
            accepted=receipt.accepted,
            rejected=len(receipt.rejected),
            seconds=round(time.monotonic() - begin, 3),
        )
        return answer(receipt.status(), receipt)

    async def health(self, _request: web.Request) -> web.Response:
        """200 while there is a producer that nothing speaks against; after trouble, while a fresh one can be had."""
        try:
            await asyncio.to_thread(self._publisher.check)
        except FlagpostError as error:
            return answer(503, {"status": "trouble", "detail": error.message})
        return answer(200, {"status": "ok"})

    async def finish(self) -> None:
        """Takes no more requests, and returns when those in work are answered."""
        self._stopping = True
        await self._nothing_in_work.wait()
        self._threads.shutdown(wait=False)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if self._stopping:
            raise Refusal(503, "The server is stopping.", RETRY_AFTER)
        if self._in_work >= self._max_requests:
            log.warning("too many requests at once", in_work=self._in_work)
            raise Refusal(503, "Too many requests at once.", RETRY_AFTER)
        self._in_work += 1
        self._nothing_in_work.clear()
        try:
            yield
        finally:
            self._in_work -= 1
            if not self._in_work:
                self._nothing_in_work.set()

    async def _deliver(self, entries: list[Entry]) -> Receipt:
        try:
            return await deliver(
                entries, self._defaults, self._now(), self._publisher, self._threads, self._patience, self._wordings
            )
        except FlagpostError as error:
            self._publisher.distrust()
            log.warning("posts not delivered", error=error.message, posts=len(entries))
            raise Refusal(503, "Kafka did not acknowledge; send the same request again.", RETRY_AFTER) from None

    def _require_token(self, request: web.Request) -> None:
        if self._token is None:
            return
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        # Both sides as bytes: compare_digest refuses text that is not ASCII.
        right = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._token.encode())
        if scheme.lower() != "bearer" or not right:
            log.warning("wrong token", remote=request.remote)
            raise Refusal(401, "The bearer token is missing or wrong.", {"WWW-Authenticate": 'Bearer realm="flagpost"'})


@web.middleware
async def _always_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        if refusal.status not in (401, 503):  # those are logged where it is known why
            log.info("request refused", remote=request.remote, status=refusal.status, error=refusal.message)
        response = answer(refusal.status, {"error": refusal.message}, refusal.headers)
        if not request.content.is_eof():
            response.force_close()  # its body was not read, and is not worth reading
        return response
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return answer(error.status, {"error": error.reason}, allow)
    except Exception:
        log.exception("request failed", remote=request.remote)
        return answer(500, {"error": "Something unexpected happened."})
