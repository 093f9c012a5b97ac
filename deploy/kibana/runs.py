"""Runs what saved objects ask on a real Elasticsearch, and says what it answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from deploy.kibana.requests import Request, requests

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ran:
    """``hits`` documents were found, in ``buckets`` of its outermost split (none where it has none)."""

    request: Request
    hits: int = 0
    buckets: int | None = None
    problem: str = ""

    @property
    def found(self) -> str:
        """In words."""
        told = f"{self.hits:,} document{'' if self.hits == 1 else 's'}"
        return told if self.buckets is None else f"{told} in {self.buckets} bucket{'' if self.buckets == 1 else 's'}"


def run(client: Elasticsearch, objects: Sequence[Body]) -> Iterator[Ran]:
    """Each request once. What Elasticsearch refuses is a problem of that one; raises what else goes wrong on the way."""
    for request in requests(objects):
        try:
            answer = client.search(index=request.index, **_spelt(request.body)).body
        except ApiError as error:
            yield Ran(request, problem=f"{error.status_code} {error.error}")
            continue
        failures = answer["_shards"].get("failures", [])
        yield Ran(
            request,
            answer["hits"]["total"]["value"],
            _buckets(answer.get("aggregations", {})),
            failures[0]["reason"]["reason"] if failures else "",
        )


def _spelt(body: Body) -> Body:
    """As the client's keyword arguments."""
    return {{"_source": "source"}.get(name, name): value for name, value in body.items()}


def _buckets(aggregations: Body) -> int | None:
    return next((len(one["buckets"]) for one in aggregations.values() if "buckets" in one), None)
