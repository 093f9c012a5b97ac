"""What an analyst asks for → an Elasticsearch query, and what it answers → hits. Reads through the alias only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from elasticsearch import Elasticsearch

from pipeline.circle import Circle
from pipeline.elasticsearch_client import explained
from pipeline.index.named_in_text import holds, named_in_text
from pipeline.settings import Settings
from schemas import mapping
from schemas.labels import Flagged, Grade

Sort = Literal["newest", "relevance"]

# Private-use characters mark what was found: a post may hold any markup, and these mean nothing to anybody.
HIT_START: Final = "\ue000"
HIT_END: Final = "\ue001"

_TEXT: Final = ["message", "message.exact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for. Every condition that is given must hold; one of several values of a condition is enough."""

    text: str = ""
    """Words that must all be there; simple_query_string: ``"a phrase"``, ``-not``, ``one | other``, ``begin*``."""
    labels: tuple[Flagged, ...] = ()
    primary_only: bool = False
    """Whether ``labels`` must be an item's first label, or may be one of its others."""
    grades: tuple[Grade, ...] = ()
    sources: tuple[str, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Exclusive."""
    place: str | None = None
    """Part of the place's name in any case; with ``*`` or ``?`` a pattern of the whole name."""
    near: Circle | None = None
    near_mentioned: bool = False
    """Whether ``near`` also finds what only mentions a place in the circle."""
    vehicle: str | None = None
    """A registration mark; with ``*`` or ``?`` a pattern of it. This and what follows may be written in any way."""
    postcode: str | None = None
    """A whole one, or an outward code with all that lie in it."""
    phone: str | None = None
    what3words: str | None = None
    road: str | None = None
    """A number, or part of a name; with ``*`` or ``?`` a pattern of the whole name."""
    mentions: str | None = None
    """A town that the text names; one that the gazetteer does not know is looked for like ``place``."""
    author: str | None = None
    """Handle (with or without @), id or full name, in any case."""
    unsure: bool = False
    reviewed: bool | None = None
    """Whether an analyst has decided on it as it is worded now; None: either."""
    dismissed: bool = False
    """Whether those are found, too, that an analyst dismissed."""
    sort: Sort = "newest"
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """One item: its document as stored, and its text with `HIT_START` and `HIT_END` around what was found."""

    id: str
    score: float | None
    document: Mapping[str, Any]
    marked: str | None


@dataclass(frozen=True, slots=True)
class Found:
    hits: list[Hit]
    total: int
    searched: int | None
    """Among how many items it was looked for; counted only when nothing was found."""


def search(client: Elasticsearch, settings: Settings, wanted: Search) -> Found:
    """Asks the read alias. Raises `NotSetUp` and what `explained` raises."""
    alias = settings.named(mapping.INDEX)
    with explained(settings):
        answer = client.search(index=alias, **request(wanted)).body
        total = answer["hits"]["total"]["value"]
        among = query(Search(dismissed=wanted.dismissed))
        searched = client.count(index=alias, query=among)["count"] if not total else None
    return Found([_hit(hit) for hit in answer["hits"]["hits"]], total, searched)


def request(wanted: Search) -> dict[str, Any]:
    """The body of the search request."""
    newest: list[dict[str, Any]] = [{"@timestamp": "desc"}, {"flagpost.uid": "asc"}]
    return {
        "query": query(wanted),
        "size": wanted.limit,
        "sort": [{"_score": "desc"}, *newest] if wanted.sort == "relevance" and wanted.text.strip() else newest,
        "track_scores": True,
        "track_total_hits": True,
        "highlight": {
            "pre_tags": [HIT_START],
            "post_tags": [HIT_END],
            "number_of_fragments": 0,
            "fields": {name: {} for name in _TEXT},
        },
    }


def query(wanted: Search) -> dict[str, Any]:
    """Words are scored; everything else filters."""
    must = [_words(wanted.text)] if wanted.text.strip() else [{"match_all": {}}]
    return {"bool": {"must": must, "filter": _filters(wanted)}}


def _words(text: str) -> dict[str, Any]:
    """A phrase in quotes is looked for as it stands, single words in every form that the analysis knows."""
    return {
        "simple_query_string": {
            "query": text,
            "fields": ["message", "message.exact^0.5"],
            "default_operator": "and",
            "quote_field_suffix": ".exact",
            "flags": "AND|OR|NOT|PREFIX|PHRASE|PRECEDENCE|ESCAPE|WHITESPACE|FUZZY|SLOP",
        }
    }


def _filters(wanted: Search) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if wanted.labels:
        fields = ["flagpost.label"] if wanted.primary_only else ["flagpost.label", "flagpost.also"]
        filters.append(_any([{"terms": {field: list(wanted.labels)}} for field in fields]))
    if wanted.grades:
        filters.append({"terms": {"flagpost.grade": list(wanted.grades)}})
    if wanted.sources:
        filters.append({"terms": {"flagpost.source": list(wanted.sources)}})
    if wanted.since or wanted.until:
        bounds = {"gte": wanted.since, "lt": wanted.until}
        filters.append({"range": {"@timestamp": {name: edge.isoformat() for name, edge in bounds.items() if edge}}})
    if wanted.place:
        filters.append(holds("geo.name", wanted.place))
    if wanted.near:
        filters.append(_near(wanted.near, wanted.near_mentioned))
    filters += named_in_text(wanted)
    if wanted.author:
        filters.append(_author(wanted.author))
    if wanted.unsure:
        filters.append({"term": {"flagpost.unsure": True}})
    if wanted.reviewed is not None:
        decided = {"exists": {"field": "flagpost.review.at"}}
        filters.append(decided if wanted.reviewed else _none(decided))
    if not wanted.dismissed:
        filters.append(_none({"term": {"flagpost.review.dismissed": True}}))
    return filters


def _near(circle: Circle, mentioned: bool) -> dict[str, Any]:
    fields = ["geo.location", "geo.mentioned.location"] if mentioned else ["geo.location"]
    centre = {"lat": circle.lat, "lon": circle.lon}
    within = [{"geo_distance": {"distance": f"{circle.km}km", field: centre}} for field in fields]
    return within[0] if len(within) == 1 else _any(within)


def _author(author: str) -> dict[str, Any]:
    handle = author.lstrip("@")
    fields = [("user.name", handle), ("user.name", f"@{handle}"), ("user.id", author), ("user.full_name", author)]
    return _any([{"term": {field: {"value": value, "case_insensitive": True}}} for field, value in fields])


def _any(queries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def _none(query: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"must_not": [query]}}


def _hit(hit: Mapping[str, Any]) -> Hit:
    highlights = hit.get("highlight", {})
    marked = next((highlights[name][0] for name in _TEXT if highlights.get(name)), None)
    return Hit(hit["_id"], hit.get("_score"), hit.get("_source", {}), marked)
