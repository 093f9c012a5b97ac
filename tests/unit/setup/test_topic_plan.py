from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidSettings
from pipeline.settings import Settings
from pipeline.setup.topic_plan import FoundTopic, WantedTopic, plan, wanted_topics
from schemas.topics import TOPICS


def wanted(brokers: int = 3, **fields: Any) -> dict[str, WantedTopic]:
    settings = Settings(home=Path("nowhere"), namespace="north", **fields)
    topics = wanted_topics(settings, brokers)
    return {topic.name.removeprefix("north-"): topic for topic in topics}


def found(topic: WantedTopic, **fields: Any) -> FoundTopic:
    """``topic`` as it would be there, but for ``fields``."""
    there = {"partitions": topic.partitions, "replication": topic.replication, "config": dict(topic.config)}
    return FoundTopic(**{**there, **fields})


def test_every_topic_of_the_table_is_wanted_under_its_namespace() -> None:
    assert set(wanted()) == set(TOPICS)
    assert wanted()["posts"].name == "north-posts"


def test_the_broker_stamps_posts_and_workers_signs_and_producers_stamp_the_rest() -> None:
    types = {name: topic.config["message.timestamp.type"] for name, topic in wanted().items()}
    assert {types["posts"], types["workers"]} == {"LogAppendTime"}
    assert {types["flagged"], types["outcomes"], types["alert-candidates"]} == {"CreateTime"}


def test_files_of_records_are_closed_in_time_for_their_retention() -> None:
    topics = wanted()
    assert topics["workers"].config["segment.ms"] == "3600000"
    for name, topic in topics.items():
        assert int(topic.config["segment.ms"]) < int(topic.config["retention.ms"]) / 20, name


def test_what_was_taken_back_is_compacted_away_in_time() -> None:
    lags = {name: topic.config.get("max.compaction.lag.ms") for name, topic in wanted().items()}
    assert {name for name, lag in lags.items() if lag} == {"alerts", "holds", "chatter-sample"}
    assert lags["alerts"] == wanted()["alerts"].config["segment.ms"]


@pytest.mark.parametrize(("brokers", "copies", "insync"), [(1, 1, None), (2, 2, None), (3, 3, "2"), (9, 3, "2")])
def test_copies_follow_the_brokers_and_three_need_two_in_sync(brokers: int, copies: int, insync: str | None) -> None:
    topic = wanted(brokers)["posts"]
    assert topic.replication == copies
    assert topic.config.get("min.insync.replicas") == insync


def test_the_settings_decide_copies_partitions_and_retention() -> None:
    topics = wanted(3, kafka_replication=2, kafka_partitions=12, kafka_retention_days={"posts": 0.5})
    assert topics["posts"].replication == 2
    assert topics["posts"].partitions == 12
    assert topics["posts"].config["retention.ms"] == "43200000"
    assert topics["flagged"].config["retention.ms"] == str(365 * 86_400_000)


def test_a_topic_of_one_partition_stays_of_one() -> None:
    assert wanted(kafka_partitions=12)["chatter-sample"].partitions == 1


def test_more_copies_than_brokers_are_refused() -> None:
    with pytest.raises(InvalidSettings, match="3 copies, and Kafka has 2 broker"):
        wanted(2, kafka_replication=3)


@pytest.mark.parametrize("days", [{"post": 3}, {"posts": 0}, {"posts": -1}, {"posts": float("nan")}])
def test_a_retention_that_nobody_can_mean_is_refused(days: dict[str, float]) -> None:
    with pytest.raises(InvalidSettings, match="RETENTION_DAYS"):
        wanted(kafka_retention_days=days)


def test_a_missing_topic_is_created() -> None:
    change, _ = plan(wanted()["posts"], None)
    assert (change.state, change.detail) == ("created", "partitions 6, copies 3, kept 7 days")


def test_a_topic_that_is_right_is_unchanged() -> None:
    topic = wanted()["posts"]
    change, to_set = plan(topic, found(topic))
    assert (change.state, change.attention, to_set) == ("unchanged", "", {})


def test_only_what_differs_is_set() -> None:
    topic = wanted()["posts"]
    config = {**topic.config, "retention.ms": "1000", "flush.ms": "7"}
    change, to_set = plan(topic, found(topic, config=config))
    assert to_set == {"retention.ms": "604800000"}
    assert (change.state, change.detail) == ("updated", "retention.ms 1000 → 604800000")


def test_a_retention_that_does_not_fit_the_documents_is_said_and_left() -> None:
    topic = wanted()["flagged"]
    created, _ = plan(topic, None, "is kept for too long")
    unchanged, to_set = plan(topic, found(topic), "is kept for too long")
    assert created.attention == unchanged.attention == "is kept for too long"
    assert to_set == {}


def test_partitions_and_copies_are_left_and_said() -> None:
    topic = wanted()["posts"]
    change, to_set = plan(topic, found(topic, partitions=3, replication=1))
    assert "has 3 partitions, 6 are wanted: left" in change.attention
    assert "has 1 copies, 3 are wanted: left" in change.attention
    assert (change.state, to_set) == ("unchanged", {})
    assert "Kafka can't take one away" in plan(topic, found(topic, partitions=8))[0].attention


def test_two_in_sync_are_never_asked_of_a_topic_with_one_copy() -> None:
    topic = wanted()["posts"]
    config = {**topic.config, "min.insync.replicas": "1"}
    assert plan(topic, found(topic, replication=1, config=config))[1] == {}
    assert plan(topic, found(topic, replication=3, config=config))[1] == {"min.insync.replicas": "2"}
