"""What Kafka's answer about one topic means for the setup of it."""

from __future__ import annotations

import pytest
from kafka import errors as kafka_errors

from pipeline.errors import KafkaUnavailable
from pipeline.setup.change import Change
from pipeline.setup.topics import made

WANTED = Change("topic", "north-posts", "created", "partitions 6", "look at it")


def test_a_topic_that_was_made_is_told_as_it_was_planned() -> None:
    assert made(WANTED, kafka_errors.NoError.errno) == WANTED


def test_a_topic_that_another_setup_made_meanwhile_is_left() -> None:
    found = made(WANTED, kafka_errors.TopicAlreadyExistsError.errno)
    assert (found.name, found.state) == ("north-posts", "unchanged")
    assert "somebody else" in found.detail


@pytest.mark.parametrize(
    "error",
    [
        kafka_errors.InvalidConfigurationError,
        kafka_errors.PolicyViolationError,
        kafka_errors.InvalidPartitionsError,
    ],
)
def test_a_topic_that_kafka_must_not_make_is_named(error: type[kafka_errors.BrokerResponseError]) -> None:
    with pytest.raises(KafkaUnavailable, match=f"refuses the topic north-posts .{error.__name__}") as refused:
        made(WANTED, error.errno)
    assert "FLAGPOST_KAFKA_PARTITIONS" in refused.value.hint


def test_a_right_that_is_missing_is_kafkas_own_error() -> None:
    with pytest.raises(kafka_errors.TopicAuthorizationFailedError, match="north-posts"):
        made(WANTED, kafka_errors.TopicAuthorizationFailedError.errno)
