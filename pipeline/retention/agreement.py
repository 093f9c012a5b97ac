"""Where the days of documents and the days of topics do not fit each other. Pure."""

from __future__ import annotations

from pipeline.retention.age import Ages, kept_days
from pipeline.settings import Settings
from schemas.topics import AUDIT, FLAGGED, POSTS, REVIEWS, Topic

HOURS_A_DAY = 24


def disagreements(settings: Settings) -> dict[str, str]:
    """Topic → what does not fit, in words; a topic that fits is left out.

    Nothing of this brings an expired item back, for the index stage refuses it. But where a topic is kept for less time
    than the documents that are made of it, a rebuild of the index loses some; where it is kept for longer, the texts
    stay in Kafka after they have gone from the index. Only ``[posts]`` must be shorter: what it holds is judged again in
    a replay, and young again.
    """
    ages = Ages.of(settings)
    items, reviewed, audit = (_days(one.total_seconds()) for one in (ages.items, ages.reviewed, ages.audit))
    notes = {
        FLAGGED: _unlike(settings, FLAGGED, "items", items),
        REVIEWS: _unlike(settings, REVIEWS, "reviewed items", reviewed),
        AUDIT: _unlike(settings, AUDIT, "audit documents", audit),
        POSTS: _not_shorter(settings, items),
    }
    if reviewed > items and not notes[FLAGGED]:
        notes[FLAGGED] = (
            f"is kept for {items:g} days and reviewed items for {reviewed:g}: a rebuild of the index lacks the older ones,"
            " until the topic reviews is replayed too"
        )
    return {topic.name: note for topic, note in notes.items() if note}


def _unlike(settings: Settings, topic: Topic, what: str, documents: float) -> str:
    kept = kept_days(settings, topic)
    if kept < documents:
        return f"is kept for {kept:g} days and {what} for {documents:g}: a rebuild of the index lacks the older ones"
    if kept > documents:
        return f"is kept for {kept:g} days and {what} for {documents:g}: it still holds what has gone from the index"
    return ""


def _not_shorter(settings: Settings, items: float) -> str:
    kept = kept_days(settings, POSTS) + POSTS.segment_hours / HOURS_A_DAY
    if kept < items:
        return ""
    return f"is kept for up to {kept:g} days and items for {items:g}: a replay of it brings back what has expired"


def _days(seconds: float) -> float:
    return seconds / 86_400
