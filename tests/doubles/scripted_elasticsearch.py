"""A small real HTTP server on loopback that answers as Elasticsearch would, by a script, and keeps what it was asked.

For what the local Elasticsearch lacks: passwords, API keys, TLS, full English analysis, and refusals on demand.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.loopback_server import LoopbackServer


@dataclass(frozen=True)
class Request:
    """One request as it arrived. Header names are lower case; a body of lines of JSON is a list."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any


class ScriptedElasticsearch(LoopbackServer):
    """A context. What has no answer in the script is answered with 404, as Elasticsearch answers for what isn't there."""

    def __init__(self, tls: ssl.SSLContext | None = None, is_elasticsearch: bool = True) -> None:
        self.requests: list[Request] = []
        self._script: dict[tuple[str, str], list[_Answer]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(is_elasticsearch))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._tls = tls is not None

    def on(self, method: str, path: str, body: Any, status: int = 200) -> ScriptedElasticsearch:
        """Answers ``method path`` so. Said again for the same, it is the next answer; the last one stays."""
        self._script.setdefault((method, path), []).append(_Answer(status, body))
        return self

    def instead(self, method: str, path: str, body: Any, status: int = 200) -> ScriptedElasticsearch:
        """Answers ``method path`` so, and no longer as was said before."""
        self._script.pop((method, path), None)
        return self.on(method, path, body, status)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self._server.server_address[1]}"

    def asked(self, method: str, path: str) -> list[Request]:
        """The requests of that kind, in order."""
        return [request for request in self.requests if (request.method, request.path) == (method, path)]

    @property
    def writes(self) -> list[str]:
        """``METHOD path`` of every request that changes something, in order."""
        reads = ("/_analyze", "/_search", "/_count")
        return [
            f"{one.method} {one.path}" for one in self.requests if one.method != "GET" and not one.path.endswith(reads)
        ]

    def _answer(self, request: Request) -> _Answer:
        self.requests.append(request)
        answers = self._script.get((request.method, request.path))
        if not answers:
            return _Answer(404, {"error": {"type": "resource_not_found_exception"}, "status": 404})
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self, is_elasticsearch: bool) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                url = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                is_lines = "ndjson" in self.headers.get("Content-Type", "")
                body = [json.loads(line) for line in raw.splitlines()] if is_lines else json.loads(raw) if raw else None
                answer = scripted._answer(Request(self.command, url.path, parse_qs(url.query), headers, body))
                content = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                if is_elasticsearch:
                    self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
