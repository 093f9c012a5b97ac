"""Finds the posts of an author, and all the places where something of a post lies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from elasticsearch import Elasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.retention.purge import find
from pipeline.retention.sight import plain, sight_of
from pipeline.retention.traces import Traces, note
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader, connect
from schemas.identity import document_id
from schemas.mapping import ITEMS
from schemas.topics import (
    ALERT_CANDIDATES,
    ALERTS,
    CHATTER_SAMPLE,
    DEAD_LETTERS,
    FLAGGED,
    HOLDS,
    POSTS,
    REVIEWS,
    Topic,
)

WITH_AUTHORS: Final[tuple[Topic, ...]] = (POSTS, FLAGGED, CHATTER_SAMPLE, REVIEWS, HOLDS, DEAD_LETTERS)
"""Whose records say who wrote the post. Most posts are chatter, which only the first of them has."""

WITH_TEXT: Final[tuple[Topic, ...]] = (*WITH_AUTHORS, ALERT_CANDIDATES, ALERTS)
"""Whose records hold something that a post says."""

AT_ONCE: Final = 500
"""Documents that Elasticsearch is asked for in one request."""


@dataclass(frozen=True, slots=True)
class Author:
    """Whose posts are sought: a handle, with or without @ and in any case, or an id. Names that accounts show are not
    looked at: they belong to nobody.
    """

    name: str
    source: str | None = None


def posts_of(client: Elasticsearch, settings: Settings, author: Author) -> tuple[set[str], set[str]]:
    """uids of the author's posts, in the index and in the topics, and the author's other names in these: who is sought by a
    handle may have had another one, or may be two who had it one after the other. Reads these topics from their beginning.

    Raises `NotSetUp`, `KafkaUnavailable`, `ElasticsearchUnavailable` or `AccessRefused`.
    """
    pages = find(client, settings, ITEMS.write_alias, author_query(author))
    uids = {one.uid for page in pages for one in page}
    names: set[str] = set()
    for _, record in _records(settings, WITH_AUTHORS, {}):
        if found := uids_by(author, record.key, record.value):
            uids |= found
            names |= names_beside(author, record.key, record.value)
    return uids, names


def uids_by(author: Author, key: bytes | None, value: bytes | None) -> frozenset[str]:
    """uids that a record names, if it says that ``author`` wrote it. Pure."""
    sight = sight_of(key, value)
    is_by = plain(author.name) in sight.authors and author.source in (None, sight.source)
    return sight.uids if is_by else frozenset()


def names_beside(author: Author, key: bytes | None, value: bytes | None) -> frozenset[str]:
    """The other names, ids and handles, that a record by ``author`` gives its author. Pure."""
    return sight_of(key, value).authors - {plain(author.name)}


def author_query(author: Author) -> dict[str, Any]:
    """The author's items, as a query. Pure."""
    handle = author.name.strip().lstrip("@")
    values = [("user.name", handle), ("user.name", f"@{handle}"), ("user.id", author.name.strip())]
    written = [{"term": {name: {"value": value, "case_insensitive": True}}} for name, value in values]
    source = [{"term": {"flagpost.source": author.source}}] if author.source else []
    return {"bool": {"filter": source, "should": written, "minimum_should_match": 1}}


def traces_of(client: Elasticsearch, settings: Settings, uids: Collection[str]) -> Traces:
    """Where something of these posts lies. Reads the topics from their beginning; raises as `posts_of`."""
    traces = Traces(set(uids))
    follow(traces, client, settings)
    return traces


def follow(traces: Traces, client: Elasticsearch, settings: Settings) -> None:
    """Takes into ``traces`` what has come since they were read. Raises as `posts_of`."""
    traces.live, traces.buried = states(client, settings, traces.uids)
    traces.deleted |= traces.buried.keys()
    for topic, record in _records(settings, WITH_TEXT, traces.read) if traces.uids else ():
        note(traces, topic.name, record.key, record.value, dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC))


def states(client: Elasticsearch, settings: Settings, uids: Iterable[str]) -> tuple[set[str], dict[str, dt.datetime]]:
    """Those of ``uids`` that the index shows now, and those whose delete stands there, with when that was stored."""
    ids = {document_id(*uid.split(":", 1)): uid for uid in uids}
    live: set[str] = set()
    buried: dict[str, dt.datetime] = {}
    for start in range(0, len(ids), AT_ONCE):
        with explained(settings):
            answer = client.mget(
                index=settings.named(ITEMS.write_alias),
                ids=list(ids)[start : start + AT_ONCE],
                source_includes=["flagpost.withdrawn", "flagpost.withdrawn_reason", "event.ingested"],
            )
        for one in answer["docs"]:
            if not one.get("found"):
                continue
            ours = one["_source"].get("flagpost", {})
            if not ours.get("withdrawn"):
                live.add(ids[one["_id"]])
            elif ours.get("withdrawn_reason") == "deleted":
                buried[ids[one["_id"]]] = dt.datetime.fromisoformat(one["_source"]["event"]["ingested"])
    return live, buried


def _records(
    settings: Settings, topics: Iterable[Topic], read: dict[str, dict[int, int]]
) -> Iterator[tuple[Topic, Any]]:
    """What the topics hold behind what was ``read``, where it is noted how far that is now."""
    consumer = connect(settings)
    try:
        for topic in topics:
            with TopicReader(settings, topic, consumer) as reader:
                bounds, before = reader.bounds(), read.get(topic.name, {})
                new = {number: (max(begin, before.get(number, 0)), end) for number, (begin, end) in bounds.items()}
                yield from ((topic, record) for record in reader.records(new))
                read[topic.name] = {number: end for number, (_, end) in bounds.items()}
    finally:
        consumer.close()
