"""Which tombstones may go: those of posts that no topic names any more.

A tombstone is an empty document with a version. It is all that keeps a withdrawn post from coming back, because
Elasticsearch compares versions with documents that are there: once it is deleted, whatever version comes is stored. So
before it goes, nothing may be left that could bring the post back. What could:

* ``[posts]``: classify judges every record of it again after a reset of its group, and sends an item to ``[flagged]``.
* ``[flagged]``: the index stage stores every item of it again after a reset, in whatever version it finds there.
* ``[reviews]``: the review stage sends every applied decision's item to ``[flagged]`` again, as it was seen.
* ``[dead-letters]``: ``flagpost dead-letters replay`` sends a record back to one of the three.
* ``[holds]``: ``flagpost retain`` gives an index that lacks a held item the newest that the hold knows of it.

``[chatter-sample]``, ``[alert-candidates]`` and ``[outcomes]`` lead nowhere near the index.

Retention alone tells too little. A topic's earliest record says that whatever came before the tombstone has gone; but
sources repeat themselves, and a post that came once more after it was deleted (it was stale then, and changed nothing)
stands in the topics for a whole retention from that day on. Versions don't help either: what is wrong with such a
record is only that it is older than the tombstone. So it takes two steps. By time: only tombstones that were stored
before the earliest record of ``[posts]`` and of ``[flagged]`` come into question, which costs two requests. By name:
for these the five topics are read, and a tombstone stays while any record of them names its post, by its key or in
its value. What comes in later comes in anew: whoever sends a post after all this is collecting it again.

Nothing here relies on the index stage refusing what is over (`pipeline.retention.age`): a longer setting, tomorrow,
must not raise the dead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pipeline.offsets import oldest
from pipeline.retention.sight import sight_of
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader, connect, read_topic
from schemas.topics import DEAD_LETTERS, FLAGGED, HOLDS, POSTS, REVIEWS, Topic

BRING_BACK: Final[tuple[Topic, ...]] = (POSTS, FLAGGED, REVIEWS, DEAD_LETTERS, HOLDS)
"""The topics from which a post can reach the index."""

BY_TIME: Final[tuple[Topic, ...]] = (POSTS, FLAGGED)
"""Through which every post comes: whatever was before their earliest record has gone."""

SLACK: Final = dt.timedelta(hours=1)
"""By which the clocks of brokers and workers may differ."""


def from_before(settings: Settings, now: dt.datetime) -> dt.datetime:
    """Tombstones stored before this moment come into question. Blocks; raises as `TopicReader`."""
    consumer = connect(settings)
    try:
        earliest = []
        for topic in BY_TIME:
            with TopicReader(settings, topic, consumer) as reader:
                earliest.append(oldest(reader, reader.bounds()))
        return earliest_of(earliest, now)
    finally:
        consumer.close()


def earliest_of(topics: Iterable[Mapping[int, dt.datetime]], now: dt.datetime) -> dt.datetime:
    """From each topic's partitions with the time of their first record. Empty ones hold nothing from before now. Pure."""
    return min((moment for partitions in topics for moment in partitions.values()), default=now) - SLACK


def still_named(settings: Settings, uids: Collection[str]) -> set[str]:
    """Those of ``uids`` that a record of `BRING_BACK` names. Reads these topics; blocks; raises as `TopicReader`.

    Memory is that of ``uids``; time that of the topics: some ten thousand records a second.
    """
    records = (record for topic in BRING_BACK for record in read_topic(settings, topic))
    return named_by(((one.key, one.value) for one in records), uids)


def named_by(records: Iterable[tuple[bytes | None, bytes | None]], uids: Collection[str]) -> set[str]:
    """Those of ``uids`` that one of ``records``, key and value, names. Withdrawals count: they don't bring anything back,
    but where one is the post may be. Pure.
    """
    looked_for, seen = frozenset(uids), set[str]()
    for key, value in records:
        if len(seen) == len(looked_for):
            break
        seen |= sight_of(key, value).uids & looked_for
    return seen
