"""What a topic should be like, and what to change on one that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.errors import InvalidSettings
from pipeline.retention.age import kept_days
from pipeline.settings import Settings
from pipeline.setup.change import Change
from schemas.topics import TOPICS, Topic

MILLISECONDS_AN_HOUR: Final = 60 * 60 * 1000
MILLISECONDS_A_DAY: Final = 24 * MILLISECONDS_AN_HOUR

MOST_REPLICATION: Final = 3
"""Copies of a topic where the settings don't say: this many, or as many as there are brokers."""

REPLICATED: Final = 3
"""From this many copies on, a write is acknowledged by at least two: one broker may be lost and nothing is."""


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic as the table and the settings want it; ``name`` has the namespace in front."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as it is; ``config`` holds what applies to it, defaults too."""

    partitions: int
    replication: int
    config: Mapping[str, str]


def wanted_topics(settings: Settings, brokers: int) -> list[WantedTopic]:
    """Every topic of the table. Raises `InvalidSettings` for what ``brokers`` brokers can't hold or nobody could mean.

    A topic of one partition is of one by design; FLAGPOST_KAFKA_PARTITIONS changes the others.
    """
    replication = settings.kafka_replication or min(MOST_REPLICATION, brokers)
    if replication > brokers:
        raise InvalidSettings(
            f"FLAGPOST_KAFKA_REPLICATION asks for {replication} copies, and Kafka has {brokers} broker(s).",
            "Lower it, unset it, or add brokers.",
        )
    return [_wanted(topic, settings, replication) for topic in TOPICS.values()]


def _wanted(topic: Topic, settings: Settings, replication: int) -> WantedTopic:
    days = kept_days(settings, topic)
    config = {
        "cleanup.policy": topic.cleanup,
        "retention.ms": str(int(days * MILLISECONDS_A_DAY)),
        "max.message.bytes": str(topic.max_bytes),
        # The broker bounds what travels, not what comes out of it: a compressed record could grow beyond any dead letter.
        "compression.type": "uncompressed",
        "message.timestamp.type": "LogAppendTime" if topic.append_time else "CreateTime",
        "segment.ms": str(int(topic.segment_hours * MILLISECONDS_AN_HOUR)),
    }
    if "compact" in topic.cleanup:
        # Or what was taken back would stay until most of the file is out of date.
        config["max.compaction.lag.ms"] = config["segment.ms"]
    if replication >= REPLICATED:
        config["min.insync.replicas"] = "2"
    partitions = settings.kafka_partitions if settings.kafka_partitions and topic.partitions > 1 else topic.partitions
    return WantedTopic(settings.named(topic.name), partitions, replication, config)


def plan(wanted: WantedTopic, found: FoundTopic | None, disagrees: str = "") -> tuple[Change, dict[str, str]]:
    """What happens to the topic, and the configuration to set on one that is there.

    ``disagrees``: how its retention does not fit what else is kept, see `pipeline.retention.agreement`.

    Partitions and copies of a topic that is there are never touched: other partitions would tear a post's records apart,
    and copies are moved by an administrator.
    """
    if found is None:
        return Change("topic", wanted.name, "created", _described(wanted), disagrees), {}
    to_set = differences(wanted, found)
    attention = "; ".join(note for note in (_attention(wanted, found), disagrees) if note)
    if not to_set:
        return Change("topic", wanted.name, "unchanged", attention=attention), {}
    detail = ", ".join(f"{name} {found.config.get(name, 'unset')} → {value}" for name, value in to_set.items())
    return Change("topic", wanted.name, "updated", detail, attention), to_set


def differences(wanted: WantedTopic, found: FoundTopic) -> dict[str, str]:
    """Configuration of ``wanted`` that ``found`` has otherwise.

    At least two of a topic's copies must be written only where there are three: with fewer, nothing could be written.
    """
    return {
        name: value
        for name, value in wanted.config.items()
        if found.config.get(name) != value and not (name == "min.insync.replicas" and found.replication < REPLICATED)
    }


def _described(wanted: WantedTopic) -> str:
    days = int(wanted.config["retention.ms"]) / MILLISECONDS_A_DAY
    return f"partitions {wanted.partitions}, copies {wanted.replication}, kept {days:g} days"


def _attention(wanted: WantedTopic, found: FoundTopic) -> str:
    notes = []
    if found.partitions < wanted.partitions:
        notes.append(
            f"has {found.partitions} partitions, {wanted.partitions} are wanted: left; raise it by hand while no worker"
            " runs and nothing is ingested, since keys then move to other partitions"
        )
    elif found.partitions > wanted.partitions:
        notes.append(
            f"has {found.partitions} partitions, {wanted.partitions} are wanted: left; Kafka can't take one away"
        )
    if found.replication < wanted.replication:
        notes.append(f"has {found.replication} copies, {wanted.replication} are wanted: left; reassign it by hand")
    return "; ".join(notes)
