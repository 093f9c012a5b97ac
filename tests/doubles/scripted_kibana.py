"""A small real HTTP server on loopback that speaks the part of Kibana's API that an import needs, as Elastic documents it.

It keeps what was imported, and may misbehave.
"""

from __future__ import annotations

import json
import ssl
from collections import deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.loopback_server import LoopbackServer

Body = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. Header names are lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Told:
    """One answer; ``body`` as bytes goes out as it is."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, message: str, **more: Any) -> Told:
    """As Kibana words one."""
    return Told(status, {"statusCode": status, "error": "Refused", "message": message, **more})


class ScriptedKibana(LoopbackServer):
    """A context. What is scripted for a path comes first, once each."""

    def __init__(self, tls: ssl.SSLContext | None = None, version: str = "8.19.9", base: str = "") -> None:
        self.asked: list[Asked] = []
        self.saved: dict[tuple[str, str, str], Body] = {}
        """By space, type and id."""
        self.spaces = {"default"}
        self.authorization: str | None = None
        """What must be sent to sign on, if anything."""
        self._base = base
        self._version = version
        self._script: dict[str, deque[Told]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self._server.server_address[1]}{self._base}"

    def script(self, path: str, *answers: Told) -> None:
        """What the next requests of ``path`` are answered, in this order."""
        self._script.setdefault(path, deque()).extend(answers)

    def imports(self) -> list[Asked]:
        return [one for one in self.asked if one.path.endswith("/_import")]

    def _answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        if self._script.get(asked.path):
            return self._script[asked.path].popleft()
        known = self.authorization in (None, asked.headers.get("authorization"))
        if asked.path == f"{self._base}/api/status":
            status: Body = {"status": {"overall": {"level": "available"}}}
            return Told(200, status | ({"name": "kibana", "version": {"number": self._version}} if known else {}))
        if not known:
            return error(401, "Unauthorized")
        if asked.method == "POST" and "kbn-xsrf" not in asked.headers:
            return error(400, "Request must contain a kbn-xsrf header.")
        path, space = asked.path.removeprefix(self._base), "default"
        if path.startswith("/api/spaces/space/"):
            id = path.rpartition("/")[2]
            return Told(200, {"id": id, "name": id}) if id in self.spaces else error(404, "Not Found")
        if path.startswith("/s/"):
            _, _, space, path = path.split("/", 3)
            path = f"/{path}"
        if path == "/api/saved_objects/_export":
            return self._export(space, json.loads(asked.body))
        if path == "/api/saved_objects/_import":
            return self._import(space, asked)
        return error(404, "Not Found")

    def _export(self, space: str, wanted: Body) -> Told:
        found, missing = [], []
        for one in wanted["objects"]:
            saved = self.saved.get((space, one["type"], one["id"]))
            if saved is None:
                missing.append({**one, "error": {"statusCode": 404, "error": "Not Found", "message": "Not found"}})
            else:
                found.append(saved)
        if missing:
            return error(400, "Error fetching objects to export", attributes={"objects": missing})
        return Told(200, "\n".join(json.dumps(one, sort_keys=True) for one in found).encode())

    def _import(self, space: str, asked: Asked) -> Told:
        if asked.query.get("overwrite") != ["true"]:
            return error(400, "expected overwrite")
        head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
        parts = list(BytesParser(policy=HTTP).parsebytes(head + asked.body).iter_parts())
        (part,) = (one for one in parts if one.get_param("name", header="content-disposition") == "file")
        if not str(part.get_filename()).endswith(".ndjson"):
            return error(400, "Invalid file extension")
        results = []
        for line in part.get_payload(decode=True).splitlines():
            one = json.loads(line)
            key = (space, one["type"], one["id"])
            results.append({"type": one["type"], "id": one["id"], **({"overwrite": True} if key in self.saved else {})})
            self.saved[key] = {**one, "updated_at": "2026-08-15T12:00:00.000Z", "version": "WzEsMV0="}
        return Told(200, {"success": True, "successCount": len(results), "successResults": results, "warnings": []})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kibana = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                url = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.headers.get("transfer-encoding") == "chunked":
                    raw = self._chunks()
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = kibana._answer(Asked(self.command, url.path, parse_qs(url.query), headers, raw))
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
