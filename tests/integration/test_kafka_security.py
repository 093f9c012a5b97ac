"""How `setup` signs on to Kafka: a real broker that wants TLS, or SCRAM, or both."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from pipeline.errors import AccessRefused, InvalidSettings, KafkaUnavailable
from pipeline.settings import Settings
from pipeline.setup.topics import setup_topics
from schemas.topics import TOPICS
from tests.security.kafka_server import free_ports, key_and_chain, running_kafka
from tests.waiting import PATIENCE

pytestmark = pytest.mark.integration

USER = "flagpost"
SECRET = SecretStr("s3cret-never-shown")

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SSL://127.0.0.1:{tls},SASL_PLAINTEXT://127.0.0.1:{scram},SASL_SSL://127.0.0.1:{both},\
INNER://127.0.0.1:{inner},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,INNER:PLAINTEXT,\
CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=INNER
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config={jaas}
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={jaas}
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
offsets.topic.replication.factor=1
auto.create.topics.enable=false
"""
JAAS = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@dataclass(frozen=True)
class SecureKafka:
    """Where the broker listens, by what it wants of a client."""

    tls: str
    scram: str
    both: str
    ca_file: Path


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    folder = tmp_path_factory.mktemp("secure-kafka")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    (folder / "key.pem").write_bytes(b"".join(key_and_chain(authority)))
    ports = dict(zip(("tls", "scram", "both", "inner", "controller"), free_ports(5), strict=True))
    properties = PROPERTIES.format(**ports, jaas=JAAS, keystore=folder / "key.pem")
    with running_kafka(folder, properties, {USER: SECRET.get_secret_value()}) as broker:
        wait_until_up(Settings(home=folder, kafka_bootstrap=f"127.0.0.1:{ports['inner']}", namespace="up"), broker)
        address = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        yield SecureKafka(address["tls"], address["scram"], address["both"], folder / "ca.pem")


def wait_until_up(settings: Settings, broker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            list(setup_topics(settings, dry_run=True))
            return
        except KafkaUnavailable:
            assert broker.poll() is None, (settings.home / "kafka.log").read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < deadline, "the broker does not come up"
            time.sleep(0.5)


def states(tmp_path: Path, bootstrap: str, **fields: Any) -> list[str]:
    settings = Settings(home=tmp_path, kafka_bootstrap=bootstrap, namespace="secure", **fields)
    return [change.state for change in setup_topics(settings)]


SIGN_ON = {"kafka_username": USER, "kafka_password": SECRET}


def test_setup_works_over_tls_and_scram_and_both(kafka: SecureKafka, tmp_path: Path) -> None:
    both = states(tmp_path, kafka.both, kafka_security_protocol="SASL_SSL", kafka_ca_file=kafka.ca_file, **SIGN_ON)
    scram = states(tmp_path, kafka.scram, kafka_security_protocol="SASL_PLAINTEXT", **SIGN_ON)
    tls = states(tmp_path, kafka.tls, kafka_security_protocol="SSL", kafka_ca_file=kafka.ca_file)
    assert both == ["created"] * len(TOPICS)
    assert scram == tls == ["unchanged"] * len(TOPICS)


def test_a_wrong_password_is_explained_and_not_shown(kafka: SecureKafka, tmp_path: Path) -> None:
    wrong = SecretStr("wr0ng-never-shown")
    with pytest.raises(AccessRefused, match="refused our user name, password") as refused:
        states(
            tmp_path, kafka.scram, kafka_security_protocol="SASL_PLAINTEXT", kafka_username=USER, kafka_password=wrong
        )
    assert wrong.get_secret_value() not in refused.value.message + refused.value.hint


def test_an_authority_that_is_not_named_is_not_trusted(kafka: SecureKafka, tmp_path: Path) -> None:
    with pytest.raises(AccessRefused, match="certificate of Kafka"):
        states(tmp_path, kafka.tls, kafka_security_protocol="SSL")


def test_the_wrong_protocol_is_explained(kafka: SecureKafka, tmp_path: Path) -> None:
    with pytest.raises(KafkaUnavailable, match="does not answer as it should") as unavailable:
        states(tmp_path, kafka.tls)
    assert "FLAGPOST_KAFKA_SECURITY_PROTOCOL" in unavailable.value.hint


def test_a_missing_password_is_explained(kafka: SecureKafka, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="needs a user name and a password"):
        states(tmp_path, kafka.scram, kafka_security_protocol="SASL_PLAINTEXT")
