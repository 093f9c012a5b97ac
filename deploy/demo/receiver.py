"""A webhook receiver as a control room would have one: it takes only what is signed, and a page that comes twice once.

It listens on loopback alone. The demo shows with it who is paged; the tests count with it what arrives.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES: Final = 64 * 1024
"""Of a body; a longer one is none of ours."""


@dataclass(frozen=True)
class Delivery:
    """One signed request. ``id`` is the same at every try of one page."""

    id: str
    body: dict[str, Any]
    arrived_at: float
    """Seconds since 1970."""


def new_key() -> str:
    """A key to sign with, as Standard Webhooks writes it."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


class Receiver:
    """A context, during which ``url`` takes pages. May be read from any thread."""

    def __init__(self, key: str, told: Callable[[Delivery], None] | None = None, port: int = 0) -> None:
        """``told`` is called with every page that is new, in the thread that took it."""
        self.key = key
        self.forged = 0
        """Requests whose signature is not that of ``key``, or is too old."""
        self.repeats = 0
        """How often a page was taken that had been taken before."""
        self._webhook = Webhook(key)
        self._told = told
        self._arrivals: list[Delivery] = []
        self._taken: dict[str, Delivery] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/pages"

    @property
    def arrivals(self) -> list[Delivery]:
        """Every signed request, in order, repeats and those that were not taken included."""
        with self._lock:
            return list(self._arrivals)

    @property
    def taken(self) -> dict[str, Delivery]:
        """Delivery id → what was taken first under it."""
        with self._lock:
            return dict(self._taken)

    def answer(self, request: Request, delivery: Delivery) -> None:
        """Answers a signed request."""
        self.take(delivery)
        request.answer(204)

    def take(self, delivery: Delivery) -> None:
        """Takes a page, or notices that it is a repeat."""
        with self._lock:
            new = delivery.id not in self._taken
            self.repeats += not new
            self._taken.setdefault(delivery.id, delivery)
        if new and self._told:
            self._told(delivery)

    def look_at(self, request: Request, body: bytes) -> None:
        """Answers one request, signed or not."""
        try:
            message = self._webhook.verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            with self._lock:
                self.forged += 1
            request.answer(401)
            return
        delivery = Delivery(request.headers["webhook-id"], message, time.time())
        with self._lock:
            self._arrivals.append(delivery)
        self.answer(request, delivery)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class Request(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    receiver: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        if length > MOST_BYTES:
            self.close_connection = True
            self.answer(413)
            return
        self.receiver.look_at(self, self.rfile.read(length))

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        """Answers; a name in ``headers`` has _ where the header has -."""
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _handler(receiver: Receiver) -> type[Request]:
    return type("Handler", (Request,), {"receiver": receiver})
