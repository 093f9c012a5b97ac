"""A small real HTTP server on loopback that speaks the part of Kibana's API that an import needs, as Elastic documents it.

It keeps what was imported, and may misbehave.
"""

from __future__ import annotations

import json
import ssl
from collections import deque
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from tests.doubles.service_server import Asked, ServiceServer, Told

Body = dict[str, Any]


def error(status: int, message: str, **more: Any) -> Told:
    """As Kibana words one."""
    return Told(status, {"statusCode": status, "error": "Refused", "message": message, **more})


class ScriptedKibana(ServiceServer):
    """A context. What is scripted for a path comes first, once each."""

    def __init__(self, tls: ssl.SSLContext | None = None, version: str = "8.19.9", base: str = "") -> None:
        super().__init__(tls)
        self.saved: dict[tuple[str, str, str], Body] = {}
        """By space, type and id."""
        self.spaces = {"default"}
        self.authorization: str | None = None
        """What must be sent to sign on, if anything."""
        self._base = base
        self._version = version
        self._by_path: dict[str, deque[Told]] = {}

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self._server.server_address[1]}{self._base}"

    def read(self, raw: bytes) -> bytes:
        return raw

    def script_path(self, path: str, *answers: Told) -> None:
        """What the next requests of ``path`` are answered, in this order."""
        self._by_path.setdefault(path, deque()).extend(answers)

    def imports(self) -> list[Asked]:
        return [one for one in self.asked if one.path.endswith("/_import")]

    def serve(self, asked: Asked) -> Told:
        if self._by_path.get(asked.path):
            return self._by_path[asked.path].popleft()
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
