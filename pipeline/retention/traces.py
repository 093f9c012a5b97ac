"""What records of the topics, one after the other, tell of some posts: where something of them lies. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pipeline.retention.sight import sight_of
from schemas import codec
from schemas.topics import POSTS, TOPICS

T = TypeVar("T")


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
    emptied: dict[str, dict[str, tuple[dt.datetime, dt.datetime]]] = field(default_factory=dict)
    """Compacted topic → uid → when what an empty record took away was written, and when that empty one was: the bytes lie
    there until they are compacted away."""
    told: dict[str, dict[str, dt.datetime]] = field(default_factory=dict)
    """Topic → uid → when the first of the records that are there said that the post is gone."""
    again: set[str] = field(default_factory=set)
    """Whose post came to ``[posts]`` once more behind its delete."""
    buried: dict[str, dt.datetime] = field(default_factory=dict)
    """uid → when the index stage stored its delete."""
    read: dict[str, dict[int, int]] = field(default_factory=dict)
    """Topic → partition → the offset up to which it was read."""

    @property
    def sources(self) -> Counter[str]:
        return Counter(uid.partition(":")[0] for uid in self.uids)

    def without(self, uids: Collection[str]) -> Traces:
        """What is there of the others."""

        left = set(uids)
        return replace(
            self,
            uids=self.uids - left,
            live=self.live - left,
            deleted=self.deleted - left,
            last=_others(uids, self.last),
            emptied=_others(uids, self.emptied),
            told=_others(uids, self.told),
            again=self.again - left,
            buried={uid: at for uid, at in self.buried.items() if uid not in left},
        )

    def places(self, uid: str) -> list[str]:
        """Names of what holds something of the post."""
        seen = {**self.last, **self.emptied}
        topics = [name for name in seen if uid in self.last.get(name, ()) or uid in self.emptied.get(name, ())]
        return ["index", *topics] if uid in self.live else topics


def _others(uids: Collection[str], by_topic: Mapping[str, Mapping[str, T]]) -> dict[str, dict[str, T]]:
    return {name: {uid: one for uid, one in seen.items() if uid not in uids} for name, seen in by_topic.items()}


def note(traces: Traces, topic: str, key: bytes | None, value: bytes | None, at: dt.datetime) -> None:
    """Notes in ``traces`` what a record of ``topic`` holds of them. Pure, but for that."""
    sight = sight_of(key, value)
    for uid in sight.uids & traces.uids:
        if value is None:
            _empty(traces, topic, uid, at)
        elif not sight.empty:
            traces.last.setdefault(topic, {})[uid] = at
            if topic == POSTS.name and uid in traces.told.get(topic, ()):
                traces.again.add(uid)
        elif topic != POSTS.name or _is_taken(value, at):
            traces.told.setdefault(topic, {}).setdefault(uid, at)
            if topic == POSTS.name:
                traces.deleted.add(uid)


def _empty(traces: Traces, topic: str, uid: str, at: dt.datetime) -> None:
    """An empty record takes the one before it out of a compacted topic; in any other it changes nothing."""
    seen = traces.last.get(topic, {})
    if "compact" in TOPICS[topic].cleanup and uid in seen:
        traces.emptied.setdefault(topic, {})[uid] = (seen.pop(uid), at)


def _is_taken(value: bytes, at: dt.datetime) -> bool:
    """Whether classify takes a delete that came ``at`` that moment, or makes a dead letter of it."""
    try:
        codec.decode_post(value, at)
    except codec.InvalidMessage:
        return False
    return True
