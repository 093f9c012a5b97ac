"""As much of an Elasticsearch index as a bulk request needs, in memory: external versions, documents that are written
once, and those it refuses."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.doubles.faulty_elasticsearch import Asked, Reply

Refusal = Literal["line", "request", "size"]
"""A document is refused by its own line, spoils the whole request (400), or makes it too large (413)."""


@dataclass
class MemoryIndex:
    """``refuses`` says by ``_id`` which documents are never taken, and how."""

    refuses: dict[str, Refusal] = field(default_factory=dict)
    documents: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """_id → version (of what is written once 0) and source"""
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Reply:
        lines = [json.loads(line) for line in asked.body.splitlines()]
        kinds = [next(iter(line)) for line in lines[::2]]
        actions = [line[kind] for kind, line in zip(kinds, lines[::2], strict=True)]
        refusals = {self.refuses.get(action["_id"]) for action in actions}
        if "size" in refusals:
            return Reply.of({"error": {"type": "content_too_long_exception"}, "status": 413}, 413)
        if "request" in refusals:
            return Reply.of({"error": {"type": "x_content_parse_exception"}, "status": 400}, 400)
        with self._one_at_a_time:
            items = [
                {kind: self._store(kind, action, source)}
                for kind, action, source in zip(kinds, actions, lines[1::2], strict=True)
            ]
        return Reply.of({"items": items})

    def _store(self, kind: str, action: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
        id, version = action["_id"], action.get("version", 0)
        if self.refuses.get(id) == "line":
            return {"_id": id, "status": 400, "error": {"type": "document_parsing_exception"}}
        if id in self.documents and (kind == "create" or version < self.documents[id][0]):
            return {"_id": id, "status": 409, "error": {"type": "version_conflict_engine_exception"}}
        status = 200 if id in self.documents else 201
        self.documents[id] = version, source
        return {"_id": id, "status": status}
