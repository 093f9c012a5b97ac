"""Finds the posts of an author, and all the places where something of a post lies."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from elasticsearch import Elasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.retention.purge import find
from pipeline.retention.sight import plain, sight_of
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader, connect
from schemas import codec
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


@dataclass(slots=True)
class Traces:
    """Where something of some posts lies."""

    uids: set[str]
    live: set[str] = field(default_factory=set)
    """Whose item the index shows."""
    deleted: set[str] = field(default_factory=set)
    """Whose delete stands in the index, or in ``[posts]`` on its way there."""
    last: dict[str, dict[str, dt.datetime]] = field(default_factory=dict)
    """Topic → uid → when its last record was written that holds something of the post."""

    @property
    def sources(self) -> Counter[str]:
        return Counter(uid.partition(":")[0] for uid in self.uids)

    def places(self, uid: str) -> list[str]:
        """Names of what holds something of the post."""
        topics = [name for name, seen in self.last.items() if uid in seen]
        return ["index", *topics] if uid in self.live else topics


def posts_of(client: Elasticsearch, settings: Settings, author: Author) -> tuple[set[str], set[str]]:
    """uids of the author's posts, in the index and in the topics, and the author's other names in these: who is sought by a
    handle may have had another one, or may be two who had it one after the other. Reads these topics from their beginning.

    Raises `NotSetUp`, `KafkaUnavailable`, `ElasticsearchUnavailable` or `AccessRefused`.
    """
    pages = find(client, settings, ITEMS.write_alias, author_query(author))
    uids = {one.uid for page in pages for one in page}
    names: set[str] = set()
    for _, record in _records(settings, WITH_AUTHORS):
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
    for topic, record in _records(settings, WITH_TEXT) if uids else ():
        note(traces, topic.name, record.key, record.value, dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC))
    traces.live, deleted = states(client, settings, uids)
    traces.deleted |= deleted
    return traces


def note(traces: Traces, topic: str, key: bytes | None, value: bytes | None, at: dt.datetime) -> None:
    """Notes in ``traces`` what a record of ``topic`` holds of them. Pure, but for that."""
    sight = sight_of(key, value)
    for uid in sight.uids & traces.uids:
        if value is None:
            traces.last.get(topic, {}).pop(uid, None)  # of a compacted topic: what was there is on its way out
        elif not sight.empty:
            traces.last.setdefault(topic, {})[uid] = at
        elif topic == POSTS.name and _is_taken(value, at):
            traces.deleted.add(uid)


def _is_taken(value: bytes, at: dt.datetime) -> bool:
    """Whether classify takes a delete that came ``at`` that moment, or makes a dead letter of it."""
    try:
        codec.decode_post(value, at)
    except codec.InvalidMessage:
        return False
    return True


def states(client: Elasticsearch, settings: Settings, uids: Iterable[str]) -> tuple[set[str], set[str]]:
    """Those of ``uids`` that the index shows, and those whose delete stands there, at this moment."""
    ids = {document_id(*uid.split(":", 1)): uid for uid in uids}
    live, deleted = set(), set()
    for start in range(0, len(ids), AT_ONCE):
        with explained(settings):
            answer = client.mget(
                index=settings.named(ITEMS.write_alias),
                ids=list(ids)[start : start + AT_ONCE],
                source_includes=["flagpost.withdrawn", "flagpost.withdrawn_reason"],
            )
        for one in answer["docs"]:
            if not one.get("found"):
                continue
            ours = one["_source"].get("flagpost", {})
            if not ours.get("withdrawn"):
                live.add(ids[one["_id"]])
            elif ours.get("withdrawn_reason") == "deleted":
                deleted.add(ids[one["_id"]])
    return live, deleted


def _records(settings: Settings, topics: Iterable[Topic]) -> Iterator[tuple[Topic, Any]]:
    consumer = connect(settings)
    try:
        for topic in topics:
            with TopicReader(settings, topic, consumer) as reader:
                yield from ((topic, record) for record in reader.records(reader.bounds()))
    finally:
        consumer.close()
