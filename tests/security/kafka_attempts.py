"""What somebody may try at Kafka: each is given settings, and raises what Kafka refuses it with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.errors import AccessRefused
from pipeline.kafka_clients import kafka_python_options
from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader
from schemas.topics import Topic

Attempt = Callable[[Settings], object]


def reads(topic: Topic) -> Attempt:
    def attempt(settings: Settings) -> object:
        try:
            with TopicReader(settings, topic) as reader:
                return list(reader.records({0: (0, 1)}))
        except AccessRefused as refused:  # our own sentence; here Kafka's is wanted
            raise refused.__cause__ or refused from None

    attempt.__name__ = f"read {topic.name}"
    return attempt


def writes(name: str) -> Attempt:
    def attempt(settings: Settings) -> object:
        producer = KafkaProducer(
            **kafka_python_options(settings),
            enable_idempotence=False,  # or the refusal of a producer's id hides that of the record
            max_block_ms=8_000,
            delivery_timeout_ms=8_000,
            request_timeout_ms=7_000,
        )
        try:
            return producer.send(name, b"{}", key=b"k").get(timeout=10)
        finally:
            producer.close(timeout=1)

    attempt.__name__ = f"write {name}"
    return attempt


def joins(group: str, topic: str) -> Attempt:
    def attempt(settings: Settings) -> object:
        consumer = KafkaConsumer(topic, **kafka_python_options(settings), group_id=group)
        try:
            return consumer.poll(timeout_ms=10_000)
        finally:
            consumer.close()

    attempt.__name__ = f"join {group}"
    return attempt


def administers(name: str, what: Callable[[Any], object]) -> Attempt:
    def attempt(settings: Settings) -> object:
        admin = KafkaAdminClient(**kafka_python_options(settings))
        try:
            return what(admin)
        finally:
            admin.close()

    attempt.__name__ = name
    return attempt


def _shorten(admin: Any) -> object:
    answer = admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, "posts", {"retention.ms": "1"})], raise_on_unknown=False
    )
    if (told := answer["topic"]["posts"]) != "OK":
        raise kafka_errors.TopicAuthorizationFailedError(told)
    return told


creates = administers(
    "create a topic",
    lambda admin: admin.create_topics({"more": {"num_partitions": 1, "replication_factor": 1}}),
)
deletes = administers("delete posts", lambda admin: admin.delete_topics(["posts"]))
shortens = administers("shorten posts", _shorten)
