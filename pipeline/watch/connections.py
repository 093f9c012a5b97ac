"""The watch's own connections to Kafka: kept open from look to look, made anew after a failure. For one thread."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from kafka import errors as kafka_errors

from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader, connect
from schemas.topics import Topic

ANSWERED_WITHIN: Final = 5.0
"""Seconds that Kafka may take for one answer."""

_FETCHED: Final = 64 * 1024
"""Bytes that are fetched of a partition at once: of most topics a few records are wanted."""

_WAIT_MS: Final = 10
"""Only what is there is asked for. A fetch that waits for more would keep the next place in the topic from being read."""

_DECODED: Final = 25
"""Records that are decoded at once, wanted or not."""


class Connections:
    """Raises `KafkaUnavailable`, `AccessRefused` or `NotSetUp`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._offsets: OffsetReader | None = None
        self._consumer: Any = None

    def offsets(self) -> OffsetReader:
        if self._offsets is None:
            self._offsets = OffsetReader(self.settings, ANSWERED_WITHIN)
        return self._offsets

    def reader(self, topic: Topic) -> TopicReader:
        """A reader of ``topic``; all of them share one consumer."""
        if self._consumer is None:
            self._consumer = connect(
                self.settings,
                request_timeout_ms=int(ANSWERED_WITHIN * 1000),
                max_partition_fetch_bytes=_FETCHED,
                fetch_max_wait_ms=_WAIT_MS,
                retry_backoff_ms=_WAIT_MS,
                max_poll_records=_DECODED,
                check_crcs=False,  # in pure Python the dearest part of a read, and the brokers have checked them
            )
        return TopicReader(self.settings, topic, self._consumer, ANSWERED_WITHIN)

    def close(self) -> None:
        """Closes what is open; what is asked for next is made anew."""
        offsets, consumer = self._offsets, self._consumer
        self._offsets = self._consumer = None
        for one in (offsets, consumer):
            if one is not None:
                with contextlib.suppress(kafka_errors.KafkaError, OSError):
                    one.close()
