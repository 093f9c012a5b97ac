"""What is asked again while Kafka has not settled which broker answers."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata

from pipeline import offsets
from pipeline.offsets import OffsetReader
from pipeline.settings import Settings


class Cluster:
    """A Kafka of which each client remembers who answered it first, as kafka-python's does; ``moves`` are still to come."""

    def __init__(self, error: type[Exception], moves: int) -> None:
        self.error = error
        self.moves = moves
        self.open = 0

    def client(self, **_options: Any) -> Client:
        self.open += 1
        return Client(self)


class Client:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._broker = cluster.moves

    def _ask(self) -> None:
        if self._broker:
            self._cluster.moves = max(self._cluster.moves - 1, 0)
            raise self._cluster.error

    def list_group_offsets(self, groups: dict[str, None]) -> dict[str, dict[TopicPartition, OffsetAndMetadata]]:
        self._ask()
        return {group: {TopicPartition("posts", 0): OffsetAndMetadata(7, "", -1)} for group in groups}

    def describe_topics(self, _names: list[str]) -> list[dict[str, Any]]:
        self._ask()
        return []

    def close(self) -> None:
        self._cluster.open -= 1


def reader(cluster: Cluster, patch: pytest.MonkeyPatch, seconds: float = 10.0) -> OffsetReader:
    patch.setattr(offsets, "KafkaAdminClient", cluster.client)
    patch.setattr(offsets, "kafka_errors_explained", lambda _settings: contextlib.nullcontext())
    patch.setattr("time.sleep", lambda _seconds: None)
    return OffsetReader(Settings(home=Path("/nowhere"), kafka_bootstrap="127.0.0.1:1"), seconds)


@pytest.mark.parametrize("error", offsets._UNSETTLED)
def test_another_broker_is_looked_for_until_one_answers(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups, topics = Cluster(error, moves=3), Cluster(error, moves=3)
    with reader(groups, monkeypatch) as asked:
        assert asked.committed(["flagpost-index"]) == {"flagpost-index": {"posts": {0: 7}}}
        assert groups.open == 1
    with reader(topics, monkeypatch) as asked:
        assert asked.offsets(["posts"]) == {}
    assert groups.open == topics.open == 0


def test_for_no_longer_than_an_answer_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(kafka_errors.NotCoordinatorError, moves=10**9)
    with reader(cluster, monkeypatch, seconds=0.05) as asked, pytest.raises(kafka_errors.NotCoordinatorError):
        asked.committed(["flagpost-index"])


def test_any_other_answer_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(kafka_errors.GroupAuthorizationFailedError, moves=1)
    with reader(cluster, monkeypatch) as asked, pytest.raises(kafka_errors.GroupAuthorizationFailedError):
        asked.committed(["flagpost-index"])
    cluster = Cluster(kafka_errors.GroupIdNotFoundError, moves=1)
    with reader(cluster, monkeypatch) as asked:
        assert asked.committed(["flagpost-index"]) == {"flagpost-index": {}}
