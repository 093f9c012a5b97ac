"""A dead-man's switch on loopback: a real HTTP server that remembers what it was asked for."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.doubles.loopback_server import LoopbackServer

SECRET = "7e9c5b1e-secret"
"""Part of its address that nobody may tell."""


class Switch(LoopbackServer):
    """Answers with ``status`` after ``wait`` seconds, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.status, self.wait = 200, 0.0
        self.asked: list[str] = []
        switch = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                switch.asked.append(f"{self.command} {self.path}")
                time.sleep(switch.wait)
                self.send_response(switch.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{SECRET}"
