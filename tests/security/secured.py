"""A Kafka and an Elasticsearch that want TLS and a user with rights, and commands run as one of those users."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from pipeline.settings import Settings
from tests.waiting import PATIENCE

ROLES: Final = {
    "admin": "superuser",
    "setup": "flagpost_setup",
    "index": "flagpost_index",
    "analyst": "flagpost_analyst",
    "auditor": "flagpost_auditor",
    "retain": "flagpost_retain",
    "forget": "flagpost_records",
    "hold": "flagpost_analyst",
    "status": "flagpost_status",
    "kibana-analyst": "kibana_analyst",
    "kibana-auditor": "kibana_auditor",
}
"""User at Elasticsearch → its role, of deploy/elasticsearch/roles.yml or (``kibana_…``) of deploy/kibana/roles; the admin is
the test's own.
"""

# Every listener is encrypted and asks who is there; the broker signs on to itself, too.
PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL
controller.listener.names=CONTROLLER
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="{password}";
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="admin" password="{password}" user_admin="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={folder}/kafka.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
"""


@dataclass(frozen=True)
class Secured:
    """Both servers, and who may sign on. Settings and commands are in production mode and have no namespace."""

    folder: Path
    bootstrap: str
    url: str
    passwords: dict[str, str]

    def settings(self, user: str) -> Settings:
        """Signed on as ``user`` to both, known there or not."""
        password = SecretStr(self.passwords[user])
        return Settings(
            home=self.folder / "homes" / user,
            production=True,
            kafka_bootstrap=self.bootstrap,
            kafka_security_protocol="SASL_SSL",
            kafka_username=user,
            kafka_password=password,
            kafka_ca_file=self.folder / "ca.pem",
            kafka_partitions=2,
            elasticsearch_url=self.url,
            elasticsearch_username=user,
            elasticsearch_password=password,
            elasticsearch_ca_file=self.folder / "ca.pem",
        )

    def environment(self, user: str) -> dict[str, str]:
        """Variables that give a process `settings`, passwords in files; without Elasticsearch for who is unknown there."""
        settings = self.settings(user)
        mounted = self.folder / f"{user}.password"
        mounted.write_text(f"{self.passwords[user]}\n", "utf-8")
        given = {name: value for name, value in os.environ.items() if not name.startswith("FLAGPOST_")}
        for name in settings.model_fields_set:
            if name.startswith("elasticsearch_") and user not in ROLES:
                continue
            is_secret = name.endswith("_password")
            variable = f"FLAGPOST_{name.upper()}{'_FILE' * is_secret}"
            given[variable] = str(mounted if is_secret else getattr(settings, name))
        return {**given, "FLAGPOST_INFERENCE_THREADS": "1", "FLAGPOST_LOG_LEVEL": "DEBUG", "COLUMNS": "80"}

    def flagpost(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs ``flagpost ARGUMENTS…`` as ``user``; stdout and stderr together are its ``stdout``."""
        return subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            env=self.environment(user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
