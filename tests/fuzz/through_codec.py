"""Every topic's decoder on every input: a record or a reason, and a record stays what it is when it is written again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from schemas import codec
from schemas.codec import InvalidMessage
from schemas.topics import DEAD_LETTERS, TOPICS, Topic
from tests.fuzz.inputs import Input
from tests.fuzz.texts import MARK

REASONS: Final = {"empty", "too_large", "not_utf8", "not_json", "wrong_shape"}


def through_codec(given: Sequence[Input]) -> Counter[tuple[str, str]]:
    """(topic, record or the reason why not) → how many. Raises AssertionError when a reason quotes what it is about."""
    ends: Counter[tuple[str, str]] = Counter()
    for topic in TOPICS.values():
        for one in given if topic is not DEAD_LETTERS else ():
            read = _read(topic, one.value)
            if isinstance(read, InvalidMessage):
                assert read.reason in REASONS
                assert MARK not in str(read), f"quotes a post: {read}"
                ends[topic.name, read.reason] += 1
            else:
                assert codec.decode(topic, codec.encode(read)) == read, "written and read again, it is another record"
                ends[topic.name, "records"] += 1
    return ends


def _read(topic: Topic, value: bytes | None) -> Any:
    try:
        return codec.decode(topic, value)
    except InvalidMessage as fault:
        return fault
