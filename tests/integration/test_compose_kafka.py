"""The broker of deploy/compose.yaml: its own properties, secrets and users on a real Kafka, at other addresses."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.errors import TopicAuthorizationFailedError
from pydantic import SecretStr

from deploy.compose.users import KAFKA_USERS, kafka_users
from deploy.rights import RIGHTS
from pipeline.errors import AccessRefused, FlagpostError, KafkaUnavailable
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.settings import ROOT, Settings
from pipeline.setup.topics import setup_topics
from schemas.topics import POSTS, TOPICS
from tests.security.kafka_attempts import reads, writes
from tests.security.kafka_server import free_ports, running_kafka
from tests.worker_processes import wait_for

pytestmark = pytest.mark.integration

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

    def give(self) -> list[str]:
        return list(kafka_users(self.settings("admin"), self.secrets))


@pytest.fixture(scope="module")
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

        wait_for(given, 120, "Kafka is up and its users are made")
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


def test_the_user_for_setup_has_made_every_topic(composed: Composed) -> None:
    changes = list(setup_topics(composed.settings("setup"), dry_run=True))
    assert {change.name for change in changes} == set(TOPICS)
    assert {change.state for change in changes} == {"unchanged"}


def test_a_user_may_do_its_own_and_nothing_else(composed: Composed) -> None:
    assert writes(POSTS.name)(composed.settings("ingest"))
    with pytest.raises(TopicAuthorizationFailedError):
        writes(POSTS.name)(composed.settings("classify"))
    with pytest.raises(TopicAuthorizationFailedError):
        reads(POSTS)(composed.settings("ingest"))


def test_making_the_users_again_changes_nothing(composed: Composed) -> None:
    lines = composed.give()
    assert len(lines) == len(KAFKA_USERS)
    assert not [line for line in lines if "taken away" in line]


def test_a_right_that_left_the_table_is_taken_away(composed: Composed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIGHTS, "ingest", RIGHTS["classify"])
    assert [line for line in composed.give() if line.startswith("Kafka user ingest:") and "taken away" in line]
    monkeypatch.undo()
    assert [line for line in composed.give() if line.startswith("Kafka user ingest:") and "taken away" in line]
    assert writes(POSTS.name)(composed.settings("ingest"))


def test_a_password_that_is_made_anew_replaces_the_old_one(composed: Composed) -> None:
    before = composed.settings("review")
    (composed.secrets / "kafka_review").unlink()
    subprocess.run(["sh", str(FOLDER / "secrets.sh"), str(composed.secrets)], check=True, capture_output=True)
    composed.give()
    after = composed.settings("review")
    assert after.kafka_password != before.kafka_password
    assert _signs_on(after)
    with pytest.raises(AccessRefused):
        _signs_on(before)


def test_a_secret_that_is_missing_is_named_and_nothing_is_done(composed: Composed, tmp_path: Path) -> None:
    with pytest.raises(FlagpostError, match="kafka_setup"):
        list(kafka_users(composed.settings("admin"), tmp_path))


def _signs_on(settings: Settings) -> bool:
    with kafka_errors_explained(settings):
        KafkaAdminClient(**kafka_python_options(settings)).close()
    return True
