"""Who may do what at Kafka, as deploy/runbook.md has it; for Elasticsearch that is deploy/elasticsearch/roles.yml."""

from __future__ import annotations

from dataclasses import dataclass

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
)

from pipeline.lag import READERS, group_of
from pipeline.settings import Settings
from schemas.topics import TOPICS


@dataclass(frozen=True)
class Rights:
    """Operations of one user, by topic and by consumer group; ``create`` topics is a right on the cluster."""

    topics: dict[str, tuple[str, ...]]
    groups: dict[str, tuple[str, ...]]
    create: bool = False


RIGHTS = {
    "setup": Rights(dict.fromkeys(TOPICS, ("DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS")), {}, create=True),
    "ingest": Rights({"posts": ("WRITE",), "dead-letters": ("WRITE",)}, {}),
    "classify": Rights(
        {
            "posts": ("READ",),
            "flagged": ("WRITE",),
            "outcomes": ("READ", "WRITE"),
            "chatter-sample": ("WRITE",),
            "workers": ("WRITE",),
            "dead-letters": ("WRITE",),
        },
        {"flagpost-classify": ("READ",)},
    ),
    "index": Rights(
        {"flagged": ("READ",), "alerts": ("READ",), "workers": ("WRITE",), "dead-letters": ("WRITE",)},
        {"flagpost-index": ("READ",)},
    ),
    "status": Rights(
        {**dict.fromkeys(TOPICS, ("DESCRIBE",)), "workers": ("READ",)},
        dict.fromkeys([group_of(stage) for stage in READERS], ("DESCRIBE",)),
    ),
    "alerts": Rights({"alerts": ("READ",), "audit": ("READ",), "alert-actions": ("WRITE",)}, {}),
    "dead-letters": Rights({"dead-letters": ("READ",), "posts": ("WRITE",), "flagged": ("WRITE",)}, {}),
}
"""By user. Who may read or write a topic may describe it; who may write one may write idempotently."""


def acls(settings: Settings) -> list[ACL]:
    """`RIGHTS` as Kafka takes them, under the names that ``settings`` give topics and groups."""
    made = []
    for user, rights in RIGHTS.items():
        resources = [(ResourceType.TOPIC, settings.named(name), how) for name, how in rights.topics.items()]
        resources += [(ResourceType.GROUP, settings.named(name), how) for name, how in rights.groups.items()]
        if rights.create:
            resources.append((ResourceType.CLUSTER, "kafka-cluster", ("CREATE",)))
        made += [
            ACL(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW, ResourcePattern(kind, name))
            for kind, name, operations in resources
            for operation in operations
        ]
    return made
