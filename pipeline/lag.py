"""How many messages a topic holds and how many a stage has not done yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from schemas.topics import ALERT_ACTIONS, ALERT_CANDIDATES, ALERTS, AUDIT, FLAGGED, POSTS, REVIEWS, Topic

READERS: Final[dict[str, tuple[Topic, ...]]] = {
    "classify": (POSTS,),
    "index": (FLAGGED, ALERTS, AUDIT),
    "alert": (FLAGGED,),
    "page": (ALERT_CANDIDATES, ALERT_ACTIONS),
    "review": (REVIEWS,),
}
"""Stage → the topics that its consumer group ``flagpost-<stage>`` reads."""


def group_of(stage: str) -> str:
    """Consumer group of a stage, without the namespace."""
    return f"flagpost-{stage}"


class Offsets(Struct, frozen=True):
    """First and next offset of each partition of a topic."""

    begin: Mapping[int, int]
    end: Mapping[int, int]

    @property
    def messages(self) -> int:
        """Records that the topic holds now."""
        return sum(end - self.begin[partition] for partition, end in self.end.items())


def lag_of(offsets: Offsets, committed: Mapping[int, int]) -> int:
    """Messages that a group has not done. A partition without a commit is read from its beginning.

    What retention removed before it was done can't be done any more and is not counted.
    """
    return sum(
        max(end - max(committed.get(partition, 0), offsets.begin[partition]), 0)
        for partition, end in offsets.end.items()
    )
