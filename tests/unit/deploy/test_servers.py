"""The configuration and the commands of the two servers, without starting them."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from deploy.local import process
from deploy.local.elasticsearch import Elasticsearch, settings
from deploy.local.kafka import Kafka, new_cluster_id
from deploy.local.place import Place
from deploy.local.ports import Ports
from deploy.local.server import Folders
from pipeline.errors import LocalStackError
from schemas.topics import TOPICS

JAVA = Path("/opt/java")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(
        tmp_path / "my home, with: #odd names", tmp_path / "my home, with: #odd names", tmp_path, account=None
    )
    place.settle()
    return place


@pytest.fixture
def ports(place: Place) -> Ports:
    return Ports(place.notes / "ports.json", lambda _port: True, {})


@pytest.fixture
def properties(place: Place, ports: Ports, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Kafka's rendered configuration; its data folder is not really formatted."""
    monkeypatch.setattr(process, "run", lambda *_, **__: 0)
    Kafka(place).prepare(Path("/cache/kafka-4.3.0"), JAVA, ports, [])
    text = (Kafka(place).folders.config / "kafka.properties").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_kafka_listens_on_loopback_only(properties: dict[str, str]) -> None:
    assert properties["listeners"] == "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9192"
    assert properties["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:9192"


def test_only_setup_creates_topics_and_none_has_a_higher_limit_than_the_broker(properties: dict[str, str]) -> None:
    assert properties["auto.create.topics.enable"] == "false"
    assert int(properties["message.max.bytes"]) >= max(topic.max_bytes for topic in TOPICS.values())


def test_the_broker_needs_no_second_one(properties: dict[str, str]) -> None:
    copies = {name: value for name, value in properties.items() if name.endswith((".replication.factor", ".min.isr"))}
    assert len(copies) == 6
    assert set(copies.values()) == {"1"}


def test_kafkas_data_folder_is_prepared_once(
    place: Place, ports: Ports, properties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "run", lambda *_, **__: pytest.fail("prepared again"))
    kept = Kafka(place).folders.data / "posts-0"
    kept.mkdir()
    Kafka(place).prepare(Path("/cache/kafka-4.3.0"), JAVA, ports, [])
    assert kept.exists()


def test_a_data_folder_that_cannot_be_prepared_is_told_with_what_the_tool_said(
    place: Place, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, output: Path, **__: object) -> int:
        output.write_text("java.io.IOException: No space left on device\n")
        return 1

    monkeypatch.setattr(process, "run", fails)
    with pytest.raises(LocalStackError, match=r"can't be prepared: java.*No space left on device"):
        Kafka(place).prepare(Path("/cache/kafka-4.3.0"), JAVA, ports, [])


def test_no_cluster_id_looks_like_an_option() -> None:
    cluster = new_cluster_id(uuid.UUID(bytes=b"\xff" * 16))
    assert cluster[0].isalpha()
    assert len(cluster) == 22


def test_both_servers_can_be_told_by_their_command_lines(
    place: Place, ports: Ports, properties: dict[str, str]
) -> None:
    for server in (Kafka(place), Elasticsearch(place)):
        _, command = server.prepare(Path("/cache/program"), JAVA, ports, [])
        assert any(server.folders.marker in word for word in command)


def test_no_variable_of_ours_reaches_the_servers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_KAFKA_PASSWORD", "secret")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx8g")
    for server in (Kafka(place), Elasticsearch(place)):
        assert not {"FLAGPOST_KAFKA_PASSWORD", "JAVA_TOOL_OPTIONS"} & set(server.environment(JAVA))


def test_elasticsearch_is_one_open_node_on_loopback_that_a_full_disk_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "modules" / "x-pack-security").mkdir(parents=True)
    lines = settings(Folders(Path("/home/me/odd: home, too")), 9201, tmp_path).splitlines()
    assert {
        "discovery.type: single-node",
        "network.host: 127.0.0.1",
        "http.port: 9201",
        "cluster.routing.allocation.disk.threshold_enabled: false",
        "xpack.security.enabled: false",
        'path.logs: "/home/me/odd: home, too/logs"',
    } <= set(lines)
    assert any(line.startswith('path.data: ["/home/me/odd: home, too/data"]') for line in lines)


def test_security_is_not_switched_off_where_it_does_not_exist(tmp_path: Path) -> None:
    assert "xpack" not in settings(Folders(tmp_path), 9200, tmp_path)


def test_elasticsearchs_java_options_leave_out_the_module_that_the_runtime_lacks(place: Place, ports: Ports) -> None:
    elasticsearch = Elasticsearch(place)
    elasticsearch.prepare(Path("/cache/elasticsearch-9.2.0"), JAVA, ports, [])
    lines = (elasticsearch.folders.config / "jvm.options").read_text().splitlines()
    options = [line for line in lines if line and not line.startswith("#")]
    assert "-Xmx512m" in options
    assert f"-Djava.io.tmpdir={elasticsearch.folders.temporary}" in options
    assert not any("incubator" in option or "$" in option for option in options)


def test_each_elasticsearch_version_has_its_own_data(place: Place) -> None:
    assert Elasticsearch(place, "9.2.0").folders.data != Elasticsearch(place, "8.19.9").folders.data


def test_an_elasticsearch_that_does_not_run_here_is_refused_with_those_that_do(place: Place) -> None:
    with pytest.raises(LocalStackError, match=r"can't run Elasticsearch 9\.5\.0") as error:
        Elasticsearch(place, "9.5.0")
    assert "9.2.0, 8.19.9" in error.value.hint
