"""The one table of topics. Only `flagpost setup` creates them."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

from schemas.alert import Action, Alert, Gone, Matched
from schemas.audit import AuditEntry
from schemas.hold import Hold
from schemas.item import Item, Withdrawn
from schemas.outcome import Outcomes
from schemas.post import Post, PostDeleted
from schemas.review import Review
from schemas.worker import WorkerReport

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
    cleanup: Literal["delete", "compact", "compact,delete"] = "delete"
    """``compact`` keeps each key's last record for ever, whatever ``retention_days`` says."""
    max_bytes: int = MEBIBYTE
    append_time: bool = False
    """Whether the broker stamps records with its own clock instead of the producer's."""
    segment_hours: float = 7 * 24
    """Kafka drops, and compacts, whole closed files of records: a record may stay for so much longer than it is kept for.

    See `pipeline.retention.stay` for the longest that a byte can stay.
    """


POSTS: Final = Topic(
    name="posts",
    key="uid (source:id)",
    record=Post | PostDeleted,
    about="what came in: posts, edits and deletes, one post's records in order",
    partitions=6,
    retention_days=7,
    append_time=True,
    segment_hours=6,
)
FLAGGED: Final = Topic(
    name="flagged",
    key="uid (source:id)",
    record=Item | Withdrawn,
    about="items that matter to somebody, and withdrawals; the index is rebuilt from it",
    partitions=6,
    retention_days=365,
    max_bytes=2 * MEBIBYTE,
    segment_hours=72,
)
OUTCOMES: Final = Topic(
    name="outcomes",
    key="partition of [posts]",
    record=Outcomes,
    about="what became of every record of [posts], without its text",
    partitions=3,
    retention_days=30,
    segment_hours=24,
)
CHATTER_SAMPLE: Final = Topic(
    name="chatter-sample",
    key="uid (source:id)",
    record=Item,
    about="a small share of chatter, chosen by hash, for measuring what the model misses",
    partitions=1,
    retention_days=7,
    cleanup="compact,delete",  # what is forgotten goes before its time: an empty record takes its place
    max_bytes=2 * MEBIBYTE,
    segment_hours=6,
)
ALERT_CANDIDATES: Final = Topic(
    name="alert-candidates",
    key="uid (source:id)",
    record=Matched | Gone,
    about="which rules match an item, or that it is gone",
    partitions=1,  # one reader knows every open alert
    retention_days=7,
    segment_hours=6,
)
ALERTS: Final = Topic(
    name="alerts",
    key="alert id",
    record=Alert,
    about="the state of every alert and its pages; written by the page stage alone",
    partitions=1,
    retention_days=365,
    cleanup="compact",
    segment_hours=24,
)
ALERT_ACTIONS: Final = Topic(
    name="alert-actions",
    key="alert id",
    record=Action,
    about="what people do about alerts: acknowledge, escalate, resolve",
    partitions=1,
    retention_days=30,
    segment_hours=24,
)
REVIEWS: Final = Topic(
    name="reviews",
    key="uid (source:id)",
    record=Review,
    about="what analysts decided; their order numbers them",
    partitions=1,  # decisions are few, and one reader numbers them
    retention_days=365,  # as its items: it holds them as they were seen; who decided what stays in [audit]
    max_bytes=2 * MEBIBYTE,
    append_time=True,  # by one clock with [posts]: no decision on a wording can be older than the wording
)
HOLDS: Final = Topic(
    name="holds",
    key="uid (source:id)",
    record=Hold,
    about="items that neither their age nor a request may take away, with who said so; an empty record is a release",
    partitions=1,
    retention_days=365,
    cleanup="compact",
    max_bytes=2 * MEBIBYTE,
    segment_hours=24,
)
AUDIT: Final = Topic(
    name="audit",
    key="what it was done to",
    record=AuditEntry,
    about="who did what: searches, views, exports, decisions, pages, acknowledgements",
    partitions=1,
    retention_days=6 * 365.25,
    append_time=True,  # a line can't be dated back
)
WORKERS: Final = Topic(
    name="workers",
    key="stage/host/pid",
    record=WorkerReport,
    about="how each worker is, every few seconds; read by time, so it is not compacted",
    partitions=1,
    retention_days=1,
    append_time=True,  # a worker whose clock is wrong is as alive as the others
    segment_hours=1,
)
DEAD_LETTERS: Final = Topic(
    name="dead-letters",
    key="key of the original record",
    record=bytes,
    about="what could not be used: original bytes, reason and origin as headers",
    partitions=3,
    retention_days=30,
    max_bytes=2 * MEBIBYTE + 64 * 1024,  # the largest record of any other topic, and the headers of its dead letter
    segment_hours=24,
)

TOPICS: Final[dict[str, Topic]] = {
    topic.name: topic
    for topic in (
        POSTS,
        FLAGGED,
        OUTCOMES,
        CHATTER_SAMPLE,
        ALERT_CANDIDATES,
        ALERTS,
        ALERT_ACTIONS,
        REVIEWS,
        HOLDS,
        AUDIT,
        WORKERS,
        DEAD_LETTERS,
    )
}
