"""The broker of deploy/compose.yaml: its own properties, secrets and users on a real Kafka, at other addresses."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.compose.users import kafka_users
from pipeline.errors import KafkaUnavailable
from pipeline.settings import ROOT, Settings
from pipeline.setup.topics import setup_topics
from tests.security.kafka_server import free_ports, running_kafka
from tests.waiting import wait_for

FOLDER = ROOT / "deploy" / "compose"


class Composed:
    """The broker, and settings to sign on there."""

    def __init__(self, secrets: Path, bootstrap: str) -> None:
        self.secrets = secrets
        self.bootstrap = bootstrap

    def settings(self, user: str) -> Settings:
        return Settings(
            production=True,
            kafka_bootstrap=self.bootstrap,
            kafka_security_protocol="SASL_SSL",
            kafka_username=user,
            kafka_password=SecretStr((self.secrets / f"kafka_{user}").read_text("utf-8")),
            kafka_ca_file=self.secrets / "ca.crt",
        )

    def make_secrets(self) -> None:
        """Those that are missing."""
        subprocess.run(["sh", str(FOLDER / "secrets.sh"), str(self.secrets)], check=True, capture_output=True)

    def give(self) -> list[str]:
        """Gives every user its password and its rights."""
        return list(kafka_users(self.settings("admin"), self.secrets))


@pytest.fixture(scope="package")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    folder = tmp_path_factory.mktemp("composed")
    secrets = folder / "secrets"
    subprocess.run(["sh", str(FOLDER / "secrets.sh"), str(secrets)], check=True, capture_output=True)
    with _broker(folder, secrets) as bootstrap:
        composed = Composed(secrets, bootstrap)

        def given() -> bool:
            with contextlib.suppress(KafkaUnavailable):
                return bool(composed.give())
            return False

        wait_for(given, "Kafka is up and its users are made")
        list(setup_topics(composed.settings("setup"), dry_run=False))
        yield composed


@contextlib.contextmanager
def _broker(folder: Path, secrets: Path) -> Iterator[str]:
    port, controller = free_ports(2)
    properties = (FOLDER / "kafka.properties").read_text("utf-8")
    for there, here in {
        "/run/secrets": str(secrets),
        "SASL_SSL://:9093": f"SASL_SSL://127.0.0.1:{port}",
        "kafka:9093": f"127.0.0.1:{port}",
        "127.0.0.1:9094": f"127.0.0.1:{controller}",
        "log.dirs=/var/lib/kafka/data\n": "",
    }.items():
        assert there in properties
        properties = properties.replace(there, here)
    with running_kafka(folder, properties, {"admin": (secrets / "kafka_admin").read_text("utf-8")}):
        yield f"127.0.0.1:{port}"
