"""Makes the users of ../compose.yaml at Kafka and Elasticsearch, each with no more rights than it needs.

``python -m deploy.compose.users`` signs on with the settings, as an administrator of both. Passwords are the files of
`SECRETS`: ``kafka_classify``, ``elasticsearch_index`` … Run it again after any of them changed: users get the password that
stands there, and rights that are not in the table any more are taken from them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialUpsertion,
)

from deploy.rights import acls
from pipeline.elasticsearch_client import connect, explained
from pipeline.errors import FlagpostError, InvalidSettings
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options, quiet_kafka_python
from pipeline.settings import Settings, load_settings

SECRETS: Final = Path("/run/secrets")

KAFKA_USERS: Final[Mapping[str, tuple[str, ...]]] = {
    "setup": ("setup",),
    "ingest": ("ingest",),
    "classify": ("classify",),
    "index": ("index",),
    "alert": ("alert",),
    "page": ("page",),
    "review": ("review",),
    "alerts": ("alerts",),
    "retain": ("retain",),
    "operator": ("status", "dead-letters"),
    "analyst": ("analyst", "alerts"),
    "records": ("hold", "forget"),
    "auditor": ("auditor",),
}
"""User → whose rights in `deploy.rights.RIGHTS` it has."""

ELASTICSEARCH_USERS: Final[Mapping[str, tuple[str, ...]]] = {
    "setup": ("flagpost_setup",),
    "index": ("flagpost_index",),
    "dashboards": ("kibana_admin",),
    "retain": ("flagpost_retain",),
    "operator": ("flagpost_status",),
    "analyst": ("flagpost_analyst",),
    "records": ("flagpost_records",),
    "auditor": ("flagpost_auditor",),
}
"""User → its roles, of ../elasticsearch/roles.yml or Elasticsearch's own."""

KIBANA: Final = ("kibana_system", "kibana")
"""Elasticsearch's own user for Kibana's server, and what its secret is called."""


def main() -> int:
    quiet_kafka_python()
    try:
        settings = load_settings()
        for line in (*kafka_users(settings, SECRETS), *elasticsearch_users(settings, SECRETS)):
            print(line)
    except FlagpostError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return error.exit_code
    return os.EX_OK


def kafka_users(settings: Settings, secrets: Path) -> Iterator[str]:
    """Gives every user its password and its rights. Yields a line for each. Raises `FlagpostError`."""
    passwords = {user: _password(secrets, f"kafka_{user}") for user in KAFKA_USERS}
    with kafka_errors_explained(settings):
        admin = KafkaAdminClient(**kafka_python_options(settings))
        try:
            told = admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(user, "SCRAM-SHA-512", word) for user, word in passwords.items()]
            )
            if refused := {user: why for user, why in told.items() if why}:
                raise FlagpostError(f"Kafka refused passwords: {refused}.", "See the broker's log.")
            rights = acls(settings, KAFKA_USERS)
            if failed := admin.create_acls(rights)["failed"]:
                raise FlagpostError(f"Kafka refused {len(failed)} rights.", "See the broker's log.")
            for user in KAFKA_USERS:
                principal = f"User:{user}"
                wanted = [one for one in rights if one.principal == principal]
                found, _ = admin.describe_acls(_all_of(principal))
                if gone := [one for one in found if one not in wanted]:
                    admin.delete_acls(gone)
                yield f"Kafka user {user}: {len(wanted)} rights" + (f", {len(gone)} taken away" if gone else "")
        finally:
            admin.close()


def elasticsearch_users(settings: Settings, secrets: Path) -> Iterator[str]:
    """Gives every user its password and its roles, and Kibana's own its password. Yields a line for each.

    Raises `FlagpostError`.
    """
    passwords = {user: _password(secrets, f"elasticsearch_{user}") for user in (*ELASTICSEARCH_USERS, KIBANA[1])}
    with connect(settings) as client, explained(settings):
        client.security.change_password(username=KIBANA[0], password=passwords[KIBANA[1]])
        yield f"Elasticsearch user {KIBANA[0]}"
        for user, roles in ELASTICSEARCH_USERS.items():
            client.security.put_user(username=f"flagpost_{user}", password=passwords[user], roles=list(roles))
            yield f"Elasticsearch user flagpost_{user}: {', '.join(roles)}"


def _all_of(principal: str) -> ACLFilter:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return ACLFilter(principal, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)


def _password(secrets: Path, name: str) -> str:
    try:
        password = (secrets / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        password = ""
    if not password:
        raise InvalidSettings(f"The secret {name} is missing or empty.", "Run `sh deploy/compose/secrets.sh`.")
    return password


if __name__ == "__main__":
    sys.exit(main())
