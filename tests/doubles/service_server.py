"""A real HTTP server on loopback that stands for a service that takes pages: it keeps what it was asked, and may misbehave.

A service's own behaviour is in ``serve``. What is scripted comes first, once each.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.loopback_server import LoopbackServer


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. Header names are lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Told:
    """One answer; ``body`` as bytes goes out as it is. Without a status none ever comes."""

    status: int | None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ServiceServer(LoopbackServer):
    """A context. Takes everything; whoever inherits is choosier."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._script: deque[Told] = deque()
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}"

    def script(self, *answers: Told) -> None:
        """What the next requests are answered, in this order."""
        self._script.extend(answers)

    def serve(self, asked: Asked) -> Told:
        return Told(200, {})

    def read(self, raw: bytes) -> Any:
        """A request's body as `Asked` has it."""
        return json.loads(raw) if raw else None

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        super().__exit__(None, None, None)

    def _answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        return self._script.popleft() if self._script else self.serve(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                url = urlsplit(self.path)
                chunked = self.headers.get("transfer-encoding") == "chunked"
                raw = self._chunks() if chunked else self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, url.path, parse_qs(url.query), headers, service.read(raw))
                told = service._answer(asked)
                if told.status is None:
                    service._over.wait(60)
                    self.close_connection = True
                    return
                content = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
                self.send_response(told.status)
                for name, value in {"Content-Type": "application/json", **told.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _chunks(self) -> bytes:
                whole = b""
                while size := int(self.rfile.readline(), 16):
                    whole += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return whole

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
