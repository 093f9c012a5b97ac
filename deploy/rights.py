"""Who may do what at Kafka, as runbook.md tells it; for Elasticsearch that is elasticsearch/roles.yml.

Every line is tried with a user of its own: tests/security. ``python -m deploy.rights`` prints what gives these rights.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import click
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
)

from pipeline.errors import FlagpostError
from pipeline.lag import READERS, group_of
from pipeline.retention.seek import WITH_TEXT
from pipeline.retention.tombstones import BRING_BACK
from pipeline.settings import Settings, load_settings
from schemas.topics import TOPICS


@dataclass(frozen=True)
class Rights:
    """Operations of one user, by topic and by consumer group; ``create`` topics is a right on the cluster."""

    topics: dict[str, tuple[str, ...]]
    groups: dict[str, tuple[str, ...]]
    create: bool = False
    transactional: tuple[str, ...] = ()
    """Names under which it may write transactions, so that no older process of the same name writes any more."""


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
        {
            "flagged": ("READ",),
            "alerts": ("READ",),
            "audit": ("READ",),
            "holds": ("READ",),
            "workers": ("WRITE",),
            "dead-letters": ("WRITE",),
        },
        {"flagpost-index": ("READ",)},
    ),
    "alert": Rights(
        {"flagged": ("READ",), "alert-candidates": ("WRITE",), "workers": ("WRITE",), "dead-letters": ("WRITE",)},
        {"flagpost-alert": ("READ",)},
    ),
    "page": Rights(
        {
            # To watch over flagpost it follows nearly everything, and so it may read it.
            **{name: ("READ",) for name in TOPICS if name not in ("chatter-sample", "holds")},
            "alerts": ("READ", "WRITE"),
            "audit": ("READ", "WRITE"),
            "workers": ("READ", "WRITE"),
            "dead-letters": ("READ", "WRITE"),
        },
        {**{group_of(stage): ("DESCRIBE",) for stage in READERS}, "flagpost-page": ("READ",)},
        transactional=("flagpost-page",),
    ),
    "review": Rights(
        {
            "reviews": ("READ",),
            "flagged": ("WRITE",),
            "audit": ("WRITE",),
            "workers": ("WRITE",),
            "dead-letters": ("WRITE",),
        },
        {"flagpost-review": ("READ",)},
    ),
    "analyst": Rights(
        {"reviews": ("READ", "WRITE"), "alerts": ("READ",), "alert-actions": ("WRITE",), "audit": ("WRITE",)}, {}
    ),
    "auditor": Rights({"audit": ("READ", "WRITE")}, {}),
    "status": Rights(
        {**dict.fromkeys(TOPICS, ("DESCRIBE",)), "workers": ("READ",)},
        dict.fromkeys([group_of(stage) for stage in READERS], ("DESCRIBE",)),
    ),
    "alerts": Rights({"alerts": ("READ",), "alert-actions": ("WRITE",), "audit": ("WRITE",)}, {}),
    "dead-letters": Rights(
        {
            "dead-letters": ("READ",),
            "posts": ("WRITE",),
            "flagged": ("WRITE",),
            "reviews": ("WRITE",),
            "audit": ("WRITE",),
        },
        {},
    ),
    "hold": Rights({"holds": ("READ", "WRITE"), "flagged": ("WRITE",), "audit": ("WRITE",)}, {}),
    "retain": Rights(
        {
            **{topic.name: ("READ",) for topic in BRING_BACK},
            "flagged": ("READ", "WRITE"),
            "holds": ("READ", "WRITE"),
            "audit": ("WRITE",),
        },
        {},
    ),
    "forget": Rights(
        {
            **{topic.name: ("READ", "DESCRIBE_CONFIGS") for topic in WITH_TEXT},
            **dict.fromkeys(("posts", "chatter-sample", "holds"), ("READ", "WRITE", "DESCRIBE_CONFIGS")),
            "audit": ("WRITE",),
        },
        {},
    ),
}
"""By user. Who may read or write a topic may describe it; who may write one may write idempotently."""


def acls(settings: Settings, users: Mapping[str, Sequence[str]] | None = None) -> list[ACL]:
    """`RIGHTS` as Kafka takes them, under the names that ``settings`` give topics and groups.

    ``users``: name → whose rights it has, all of them together. By default every one of `RIGHTS` is a user.
    """
    made: dict[ACL, None] = {}  # two of a user's rights may ask for the same
    for user, whose in (users or {name: (name,) for name in RIGHTS}).items():
        for rights in map(RIGHTS.__getitem__, whose):
            made |= dict.fromkeys(
                ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, pattern)
                for pattern, operation in _resources(settings, rights)
            )
    return list(made)


def _resources(settings: Settings, rights: Rights) -> Iterator[tuple[ResourcePattern, ACLOperation]]:
    named = [(ResourceType.TOPIC, settings.named(name), how) for name, how in rights.topics.items()]
    named += [(ResourceType.GROUP, settings.named(name), how) for name, how in rights.groups.items()]
    named += [
        (ResourceType.TRANSACTIONAL_ID, settings.named(name), ("DESCRIBE", "WRITE")) for name in rights.transactional
    ]
    if rights.create:
        named.append((ResourceType.CLUSTER, "kafka-cluster", ("CREATE",)))
    for kind, name, operations in named:
        for operation in operations:
            yield ResourcePattern(kind, name), ACLOperation[operation]


_OPTIONS: Final = {
    ResourceType.TOPIC: "--topic",
    ResourceType.GROUP: "--group",
    ResourceType.TRANSACTIONAL_ID: "--transactional-id",
}
"""Of kafka-acls.sh, which has no name for a cluster: there is only one."""


def script(settings: Settings, users: Mapping[str, Sequence[str]] | None = None) -> Iterator[str]:
    """`acls` as a shell script of kafka-acls.sh, a line for each user and resource; its arguments say where and as whom."""
    together: dict[tuple[str, ResourcePattern], list[str]] = {}
    for one in acls(settings, users):
        operation = one.operation.name.title().replace("_", "")
        together.setdefault((one.principal, one.resource_pattern), []).append(f"--operation {operation}")
    yield "set -eu"
    for (principal, resource), operations in together.items():
        option = _OPTIONS.get(resource.resource_type)
        what = f"{option} {resource.resource_name}" if option else "--cluster"
        yield f'kafka-acls.sh "$@" --add --allow-principal {shlex.quote(principal)} {" ".join(operations)} {what}'


@click.command()
@click.argument("users", nargs=-1, metavar="[USER=WHOSE[,WHOSE]...]...")
def main(users: tuple[str, ...]) -> None:
    """Print a shell script that gives users their rights at Kafka; run it with kafka-acls.sh's own options.

    \b
    python -m deploy.rights > rights.sh
    python -m deploy.rights jane=status,dead-letters > jane.sh
    sh rights.sh --bootstrap-server broker.example:9093 --command-config admin.properties

    Without USER each part is a user of its own name. Topics and groups have FLAGPOST_NAMESPACE in front.
    """
    wanted = {}
    for one in users:
        user, _, whose = one.rpartition("=")
        wanted[user] = whose.split(",")
        if not user or not set(wanted[user]) <= set(RIGHTS):
            raise click.UsageError(f"{one} is not of the form USER=WHOSE with one or more of {', '.join(RIGHTS)}.")
    try:
        settings = load_settings()
    except FlagpostError as error:
        raise click.ClickException(f"{error.message} {error.hint}") from None
    for line in script(settings, wanted or None):
        click.echo(line)


if __name__ == "__main__":
    main()
