"""Asks Kafka how long it keeps what."""

from __future__ import annotations

from collections.abc import Sequence

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.retention.stay import Stay
from pipeline.settings import Settings
from schemas.topics import Topic


def stays(settings: Settings, topics: Sequence[Topic]) -> dict[str, Stay]:
    """Topic → how long it keeps what, as it is configured on the brokers; as the table has it where nobody tells.

    Raises `KafkaUnavailable` or `AccessRefused`.
    """
    resources = [ConfigResource(ConfigResourceType.TOPIC, settings.named(topic.name)) for topic in topics]
    with kafka_errors_explained(settings):
        admin = KafkaAdminClient(**kafka_python_options(settings))
        try:
            found = admin.describe_configs(resources, config_filter="all").get("topic", {})
        finally:
            admin.close()
    told = {topic.name: found.get(settings.named(topic.name)) for topic in topics}
    return {
        topic.name: Stay.found({name: str(entry["value"]) for name, entry in config.items()})
        if (config := told[topic.name])
        else Stay.wanted(settings, topic)
        for topic in topics
    }
