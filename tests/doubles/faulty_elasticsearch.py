"""A real HTTP server on loopback that stands before an Elasticsearch and misbehaves by a script.

Every bulk request meets the next fault of the script. With none left, and for everything else, what is behind answers: a
real Elasticsearch (`forward`) or `tests.doubles.memory_index.MemoryIndex`.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.doubles.loopback_server import LoopbackServer


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    """Those that say what is sent and what is wanted."""
    body: bytes

    @property
    def is_bulk(self) -> bool:
        return urlsplit(self.target).path.endswith("/_bulk")

    @property
    def documents(self) -> int:
        """How many documents a bulk request holds."""
        return len(self.body.splitlines()) // 2


@dataclass(frozen=True)
class Reply:
    """One answer. ``elasticsearch`` says whether it names itself as Elasticsearch's own."""

    status: int
    body: bytes
    content_type: str = "application/json"
    elasticsearch: bool = True

    @classmethod
    def of(cls, body: Any, status: int = 200) -> Reply:
        return cls(status, json.dumps(body).encode())


Behind = Callable[[Asked], Reply]
"""What answers when nothing goes wrong."""


def forward(url: str) -> Behind:
    """Hands requests on to a real Elasticsearch."""
    place = urlsplit(url)

    def ask(asked: Asked) -> Reply:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        try:
            connection.request(asked.method, asked.target, asked.body, asked.headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), answer.getheader("Content-Type", "application/json"))
        finally:
            connection.close()

    return ask


@dataclass(frozen=True)
class BadAnswer:
    """Something that goes wrong with one bulk request. ``play`` is given the request and its connection."""

    name: str
    play: Callable[[Connection, Asked], None]


class FaultyElasticsearch(LoopbackServer):
    """A context. ``bulks`` holds the number of documents of each bulk request."""

    def __init__(self, behind: Behind, faults: Iterable[BadAnswer] = ()) -> None:
        self.behind = behind
        self.bulks: list[int] = []
        self._faults = deque(faults)
        self._fired: Counter[str] = Counter()
        self._playing = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, faults: Iterable[BadAnswer]) -> None:
        """Adds faults for the next bulk requests."""
        self._faults.extend(faults)

    @property
    def fired(self) -> Counter[str]:
        """How often each fault was played to its end; one that is being played is waited for."""
        with self._playing:
            return self._fired.copy()

    @property
    def left(self) -> int:
        """Faults of the script that no request has met yet."""
        return len(self._faults)

    def answer(self, connection: Connection, asked: Asked) -> None:
        if not asked.is_bulk:
            connection.send(self.behind(asked))
            return
        self.bulks.append(asked.documents)
        with self._playing:
            if self._faults:
                fault = self._faults.popleft()
                fault.play(connection, asked)
                self._fired[fault.name] += 1
                return
        connection.send(self.behind(asked))


class Connection(BaseHTTPRequestHandler):
    """One client's connection, with what a fault does to it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    elasticsearch: FaultyElasticsearch

    def store(self, asked: Asked) -> Reply:
        """What is behind does as it is asked; the client knows nothing of it yet."""
        return self.elasticsearch.behind(asked)

    def send(self, reply: Reply, announced: int | None = None) -> None:
        """Answers. ``announced`` is the length that the answer claims to have."""
        self.send_response(reply.status)
        if reply.elasticsearch:
            self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(reply.body)

    def answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        headers = {name: self.headers[name] for name in ("Content-Type", "Accept") if name in self.headers}
        self.elasticsearch.answer(self, Asked(self.command, self.path, headers, self.rfile.read(length)))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


def _handler(server: FaultyElasticsearch) -> type[Connection]:
    return type("Handler", (Connection,), {"elasticsearch": server})
