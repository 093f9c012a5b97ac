"""The one table of topics. Only `flagpost setup` creates them."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

from schemas.item import Item, Withdrawn
from schemas.outcome import Outcomes
from schemas.post import Post, PostDeleted

MEBIBYTE: Final = 1024 * 1024


class Topic(Struct, frozen=True, kw_only=True):
    """One Kafka topic."""

    name: str
    key: str
    """What the record key is: it decides the partition, so it decides what stays in order."""
    record: Any
    """The struct or union that a value holds; ``bytes`` where it is kept as it came."""
    about: str
    partitions: int
    retention_days: float
    cleanup: Literal["delete", "compact"] = "delete"
    max_bytes: int = MEBIBYTE
    append_time: bool = False
    """Whether the broker stamps records with its own clock instead of the producer's."""


POSTS: Final = Topic(
    name="posts",
    key="uid (source:id)",
    record=Post | PostDeleted,
    about="what came in: posts, edits and deletes, one post's records in order",
    partitions=6,
    retention_days=7,
    append_time=True,
)
FLAGGED: Final = Topic(
    name="flagged",
    key="uid (source:id)",
    record=Item | Withdrawn,
    about="items that matter to somebody, and withdrawals; the index is rebuilt from it",
    partitions=6,
    retention_days=365,
    max_bytes=2 * MEBIBYTE,
)
OUTCOMES: Final = Topic(
    name="outcomes",
    key="partition of [posts]",
    record=Outcomes,
    about="what became of every record of [posts], without its text",
    partitions=3,
    retention_days=30,
)
CHATTER_SAMPLE: Final = Topic(
    name="chatter-sample",
    key="uid (source:id)",
    record=Item,
    about="a small share of chatter, chosen by hash, for measuring what the model misses",
    partitions=1,
    retention_days=7,
    max_bytes=2 * MEBIBYTE,
)
DEAD_LETTERS: Final = Topic(
    name="dead-letters",
    key="key of the original record",
    record=bytes,
    about="what could not be used: original bytes, reason and origin as headers",
    partitions=3,
    retention_days=30,
    max_bytes=2 * MEBIBYTE + 64 * 1024,  # the largest record of any other topic, and the headers of its dead letter
)

TOPICS: Final[dict[str, Topic]] = {
    topic.name: topic for topic in (POSTS, FLAGGED, OUTCOMES, CHATTER_SAMPLE, DEAD_LETTERS)
}
