"""Makes the topics of `schemas.topics` on Kafka, and brings those that are there up to date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.errors import KafkaUnavailable
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.retention.agreement import disagreements
from pipeline.settings import Settings
from pipeline.setup.change import Change
from pipeline.setup.topic_plan import FoundTopic, WantedTopic, plan, wanted_topics

_UNKNOWN_TOPIC: Final = 3  # Kafka's error code UNKNOWN_TOPIC_OR_PARTITION
_FORBIDDEN: Final = (
    kafka_errors.InvalidConfigurationError,
    kafka_errors.PolicyViolationError,
    kafka_errors.InvalidPartitionsError,
)


def setup_topics(settings: Settings, dry_run: bool = False) -> Iterator[Change]:
    """Yields one change for each topic, after it was made (with ``dry_run``: Kafka has checked that it could be).

    Those that are missing are made in one request. Raises `InvalidSettings`, `KafkaUnavailable` or `AccessRefused`; what was
    yielded before is done, and of missing topics those behind it that Kafka takes.
    """
    with kafka_errors_explained(settings):
        admin = KafkaAdminClient(**kafka_python_options(settings))
    try:
        disagrees = {settings.named(name): why for name, why in disagreements(settings).items()}
        with kafka_errors_explained(settings):
            wanted = wanted_topics(settings, _brokers(admin))
            found = _found(admin, [topic.name for topic in wanted])
            planned = [(topic, *plan(topic, found.get(topic.name), disagrees.get(topic.name, ""))) for topic in wanted]
            codes = _create(admin, [topic for topic, change, _ in planned if change.state == "created"], dry_run)
        for topic, change, to_set in planned:
            with kafka_errors_explained(settings):
                if change.state == "created":
                    change = made(change, codes[topic.name])
                elif change.state == "updated":
                    _alter(admin, topic.name, to_set, dry_run)
            yield change
    finally:
        admin.close()


def _brokers(admin: Any) -> int:
    """How many brokers take new partitions."""
    return sum(not broker.get("is_fenced") for broker in admin.describe_cluster()["brokers"])


def _found(admin: Any, names: list[str]) -> dict[str, FoundTopic]:
    described = {topic["name"]: topic for topic in admin.describe_topics(names)}
    there = [name for name in names if described[name]["error_code"] != _UNKNOWN_TOPIC]
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
    configs = admin.describe_configs(resources, config_filter="all").get("topic", {}) if resources else {}
    return {
        name: FoundTopic(
            partitions=len(described[name]["partitions"]),
            replication=min((len(one["replica_nodes"]) for one in described[name]["partitions"]), default=0),
            config={key: str(entry["value"]) for key, entry in configs.get(name, {}).items()},
        )
        for name in there
    }


def _create(admin: Any, topics: list[WantedTopic], dry_run: bool) -> dict[str, int]:
    """Makes ``topics`` in one request, and returns once those that were made can be used: topic → Kafka's error code."""
    if not topics:
        return {}
    options = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": topic.replication,
            "configs": dict(topic.config),
        }
        for topic in topics
    }
    answer = admin.create_topics(options, validate_only=dry_run, raise_errors=False)
    codes = {topic["name"]: int(topic["error_code"]) for topic in answer["topics"]}
    if not dry_run:
        admin.wait_for_topics(
            [name for name, code in codes.items() if kafka_errors.for_code(code) is kafka_errors.NoError]
        )
    return codes


def made(change: Change, code: int) -> Change:
    """What became of a topic that was to be created, by the error ``code`` of Kafka's answer.

    Raises `KafkaUnavailable` when it must not be as we want it, and kafka-python's own error for any other refusal.
    """
    error = kafka_errors.for_code(code)
    if error is kafka_errors.NoError:
        return change
    if error is kafka_errors.TopicAlreadyExistsError:
        # Somebody else ran setup at the same time; the next run compares.
        return Change("topic", change.name, "unchanged", "made by somebody else at the same time")
    if error in _FORBIDDEN:
        raise KafkaUnavailable(
            f"Kafka refuses the topic {change.name} ({error.__name__}).",
            "Its own limits or policies forbid it: see FLAGPOST_KAFKA_PARTITIONS and FLAGPOST_KAFKA_RETENTION_DAYS.",
        )
    raise error(change.name)


def _alter(admin: Any, name: str, to_set: dict[str, str], dry_run: bool) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, name, to_set)
    answer = admin.alter_configs([resource], validate_only=dry_run)["topic"][name]
    if answer != "OK":
        raise KafkaUnavailable(
            f"Kafka refuses to change the topic {name} ({answer.partition(':')[0]}).",
            "Ask its administrator for the right ALTER_CONFIGS on it, or correct the settings.",
        )
