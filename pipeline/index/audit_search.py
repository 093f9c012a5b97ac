"""What an auditor asks for → an Elasticsearch query, and the lines that it finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from elasticsearch import Elasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.index.audit_document import entry_of, is_as_written, written_down
from pipeline.index.lookup import whole_id
from pipeline.settings import Settings
from schemas import mapping
from schemas.audit import AuditEntry

CLOCKS_DIFFER: Final = dt.timedelta(minutes=5)
"""By so much at most, where nobody has dated a line back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """Which lines are looked for. Every condition that is given must hold; of several values of one, one is enough."""

    by: tuple[str, ...] = ()
    """Names, in any case."""
    acts: tuple[str, ...] = ()
    on: str | None = None
    """What it was done to, or its first characters; ``source:id`` of a post."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Exclusive."""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One line as the index has it. ``entry`` is None where it holds no line."""

    id: str
    entry: AuditEntry | None
    document: Mapping[str, Any]

    @property
    def written_down(self) -> dt.datetime | None:
        """When Kafka took it in, where that is not about when the person's machine says that it was done."""
        created = written_down(self.document)
        return created if self.entry and created and abs(created - self.entry.at) > CLOCKS_DIFFER else None

    @property
    def altered(self) -> bool:
        """Whether somebody changed the document: see `is_as_written`."""
        return not is_as_written(self.id, self.document)


@dataclass(frozen=True, slots=True)
class Lines:
    lines: list[Line]
    total: int


def read(client: Elasticsearch, settings: Settings, wanted: AuditSearch) -> Lines:
    """The newest lines first. Raises what `explained` raises."""
    with explained(settings):
        answer = client.search(
            index=settings.named(mapping.AUDIT.alias),
            query={"bool": {"filter": _filters(wanted)}},
            size=wanted.limit,
            sort=[{"event.created": "desc"}, {"@timestamp": "desc"}],
            track_total_hits=True,
            allow_partial_search_results=False,
        ).body["hits"]
    lines = [Line(hit["_id"], entry_of(hit["_source"]), hit["_source"]) for hit in answer["hits"]]
    return Lines(lines, answer["total"]["value"])


def _filters(wanted: AuditSearch) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if wanted.by:
        filters.append(_any([{"term": {"user.name": {"value": name, "case_insensitive": True}}} for name in wanted.by]))
    if wanted.acts:
        filters.append({"terms": {"event.action": list(wanted.acts)}})
    if wanted.on:
        ids = {wanted.on, whole_id(wanted.on) or wanted.on.lower()}
        filters.append(_any([{"prefix": {"flagpost.audit.on": one}} for one in sorted(ids)]))
    if wanted.since or wanted.until:
        bounds = {"gte": wanted.since, "lt": wanted.until}
        edges = {name: edge.isoformat() for name, edge in bounds.items() if edge}
        # By the clock of who acted, or by the broker's: a line that was dated back is found, too.
        filters.append(_any([{"range": {clock: edges}} for clock in ("@timestamp", "event.created")]))
    return filters


def _any(queries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": queries, "minimum_should_match": 1}}
