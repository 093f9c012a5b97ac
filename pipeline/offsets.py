"""Reads offsets from Kafka: what topics hold, and how far consumer groups are."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import OffsetSpec

from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.lag import Offsets
from pipeline.settings import Settings
from pipeline.topic_reader import Bounds, TopicReader

REQUEST_SECONDS: Final = 10.0
"""How long Kafka may take to answer, and before that to settle which of its brokers answers: a fresh cluster makes its topic
of commits when it is first asked for a group, and that topic has no leader at first."""

_UNSETTLED: Final = (
    kafka_errors.CoordinatorLoadInProgressError,
    kafka_errors.CoordinatorNotAvailableError,
    kafka_errors.LeaderNotAvailableError,
    kafka_errors.NotCoordinatorError,
    kafka_errors.NotLeaderForPartitionError,
)
"""What Kafka answers until it has settled that, or when it is another broker since our client asked which one it is."""

_Answer = TypeVar("_Answer")


class OffsetReader:
    """A connection to Kafka for reading offsets; a context. Its methods raise `KafkaUnavailable` or `AccessRefused`."""

    def __init__(self, settings: Settings, request_seconds: float = REQUEST_SECONDS) -> None:
        self._settings = settings
        self._request_seconds = request_seconds
        with kafka_errors_explained(settings):
            self._admin = self._connect()

    def _connect(self) -> Any:
        return KafkaAdminClient(
            **kafka_python_options(self._settings), request_timeout_ms=int(self._request_seconds * 1000)
        )

    def __enter__(self) -> OffsetReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._admin.close()

    def committed(self, groups: Sequence[str]) -> dict[str, dict[str, dict[int, int]]]:
        """Group → topic → partition → next offset; a group that never committed is empty."""
        with kafka_errors_explained(self._settings):
            answer = self._settled(lambda: self._group_offsets(groups))
        found: dict[str, dict[str, dict[int, int]]] = {group: {} for group in groups}
        for group, offsets in answer.items():
            for partition, commit in offsets.items():
                if commit.offset >= 0:
                    found[group].setdefault(partition.topic, {})[partition.partition] = commit.offset
        return found

    def offsets(self, topics: Sequence[str]) -> dict[str, Offsets]:
        """Topic → its offsets; a topic that is not there is left out."""
        with kafka_errors_explained(self._settings):
            return self._settled(lambda: self._offsets(topics))

    def _offsets(self, topics: Sequence[str]) -> dict[str, Offsets]:
        described = self._admin.describe_topics(list(topics))
        partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            if not topic["error_code"]
            for partition in topic["partitions"]
        ]
        begin = self._list(partitions, OffsetSpec.EARLIEST)
        end = self._list(partitions, OffsetSpec.LATEST)
        found: dict[str, Offsets] = {}
        for partition in partitions:
            offsets = found.setdefault(partition.topic, Offsets({}, {}))
            offsets.begin[partition.partition] = begin[partition]  # type: ignore[index]
            offsets.end[partition.partition] = end[partition]  # type: ignore[index]
        return found

    def _list(self, partitions: Sequence[TopicPartition], spec: Any) -> dict[TopicPartition, int]:
        if not partitions:
            return {}
        answer = self._admin.list_partition_offsets(dict.fromkeys(partitions, spec))
        return {partition: found.offset for partition, found in answer.items()}

    def _group_offsets(self, groups: Sequence[str]) -> dict[str, dict[TopicPartition, Any]]:
        try:
            answer: dict[str, dict[TopicPartition, Any]] = self._admin.list_group_offsets(dict.fromkeys(groups))
            return answer
        except kafka_errors.GroupIdNotFoundError:
            return {}

    def _settled(self, ask: Callable[[], _Answer]) -> _Answer:
        """Asks until Kafka has settled who answers; each time by a new client, since the old one remembers who it was."""
        deadline = time.monotonic() + self._request_seconds
        while True:
            try:
                return ask()
            except _UNSETTLED:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
                self._admin.close()
                self._admin = self._connect()


def oldest(reader: TopicReader, bounds: Bounds) -> dict[int, dt.datetime]:
    """Partition → the timestamp of its first record within ``bounds``; left out where there is none.

    Offsets can be without a record: compaction took it, or it only marks the end of a transaction.
    """
    found = {}
    for number, bound in bounds.items():
        for record in reader.records({number: bound}):
            found[number] = dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC)
            break
    return found
