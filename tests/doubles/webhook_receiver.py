"""A real webhook receiver on loopback that answers by a script and remembers what it took, and how often.

    with WebhookReceiver() as receiver:
        receiver.script(Answer(500), Answer(429, {"Retry-After": "7"}), HANG)
        …
        assert receiver.taken.keys() == {page.id} and receiver.repeats == 0

With the script at its end every page is taken and answered with 204.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from deploy.demo.receiver import Delivery, Receiver, Request, new_key

HANGS_FOR: Final = 60.0
"""Seconds after which even a hanging answer ends."""


@dataclass(frozen=True)
class Answer:
    """What one request is answered."""

    status: int | None = 204
    """None: never any; the connection stays open until the receiver ends."""
    headers: Mapping[str, str] = field(default_factory=dict)
    takes: bool | None = None
    """Whether the page was taken all the same; what a 2xx says where nothing is said."""
    endless: bool = False
    """The body never ends."""


HANG: Final = Answer(None)
HANG_AFTER_TAKING: Final = Answer(None, takes=True)
"""The page is there, and its sender will never hear so."""
ENDLESS: Final = Answer(200, endless=True)


class WebhookReceiver(Receiver):
    """A context. ``tls`` makes it speak https."""

    def __init__(self, key: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(key or new_key())
        self._script: deque[Answer] = deque()
        self._over = threading.Event()
        self._scheme = "https" if tls else "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/pages"

    def script(self, *answers: Answer) -> None:
        """What the next requests are answered, in this order."""
        self._script.extend(answers)

    def answer(self, request: Request, delivery: Delivery) -> None:
        answer = self._script.popleft() if self._script else Answer()
        good = answer.status is not None and 200 <= answer.status < 300
        if good if answer.takes is None else answer.takes:
            self.take(delivery)
        if answer.status is None:
            self._over.wait(HANGS_FOR)
            request.close_connection = True
        elif answer.endless:
            self._answer_without_end(request, answer.status)
        else:
            request.answer(answer.status, **{name.replace("-", "_"): value for name, value in answer.headers.items()})

    def _answer_without_end(self, request: Request, status: int) -> None:
        request.send_response(status)
        request.end_headers()
        request.close_connection = True
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                request.wfile.write(b"x" * 65536)

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        super().__exit__(None, None, None)
