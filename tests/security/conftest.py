"""What these tests share: the secured servers and the run through them, and `flagpost ingest-http` on a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import trustme
from kafka import KafkaAdminClient

from deploy.rights import RIGHTS, acls
from pipeline.errors import KafkaUnavailable
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.settings import Settings
from tests.doubles.scripted_publisher import ScriptedPublisher
from tests.security.elasticsearch_server import running_elasticsearch
from tests.security.http_server import serving
from tests.security.kafka_server import free_ports, key_and_chain, running_kafka
from tests.security.run import Ran, whole_run
from tests.security.secured import PROPERTIES, ROLES, Secured
from tests.waiting import wait_for


@pytest.fixture(scope="package")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Both servers with all users and their rights, and nothing set up."""
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    (folder / "kafka.pem").write_bytes(b"".join(key_and_chain(authority)))
    # A stranger signs on right and has no rights.
    passwords = {name: f"{name}-s3cret-never-shown" for name in (*ROLES, *RIGHTS, "stranger")}
    port, controller = free_ports(2)
    properties = PROPERTIES.format(port=port, controller=controller, password=passwords["admin"], folder=folder)
    people = {name: (passwords[name], role) for name, role in ROLES.items()}
    with (
        running_elasticsearch(folder, people, authority) as elasticsearch,
        running_kafka(folder, properties, passwords) as broker,
    ):
        wait_for(elasticsearch.is_ready, "Elasticsearch is up")
        secured = Secured(folder, f"127.0.0.1:{port}", f"https://127.0.0.1:{elasticsearch.port}", passwords)

        def granted() -> bool:
            assert broker.poll() is None, (folder / "kafka.log").read_text("utf-8", "replace")[-3000:]
            try:
                grant(secured.settings("admin"))
            except KafkaUnavailable:
                return False
            return True

        wait_for(granted, "Kafka is up")
        yield secured


@pytest.fixture(scope="package")
def ran(secured: Secured) -> Ran:
    """The run through both servers. Its workers have ended; what they wrote is there."""
    return whole_run(secured)


@pytest.fixture
def publisher() -> ScriptedPublisher:
    return ScriptedPublisher()


@pytest.fixture
async def port(publisher: ScriptedPublisher, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Where `flagpost ingest-http` listens."""
    async with serving(publisher, monkeypatch) as port:
        yield port


def grant(settings: Settings) -> None:
    """Gives every user its rights at Kafka."""
    with kafka_errors_explained(settings):
        admin = KafkaAdminClient(**kafka_python_options(settings))
        try:
            assert not admin.create_acls(acls(settings))["failed"]
        finally:
            admin.close()
