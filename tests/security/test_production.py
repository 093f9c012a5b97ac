"""Production mode reaches nothing in plain text, however it is asked to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.elasticsearch_client import client_options
from pipeline.errors import InvalidSettings
from pipeline.kafka_clients import kafka_python_options
from pipeline.settings import Settings, local_status_file

TLS: dict[str, Any] = {"kafka_security_protocol": "SASL_SSL", "kafka_username": "u", "kafka_password": "p"}


pytestmark = pytest.mark.usefixtures("no_settings_files")


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
@pytest.mark.parametrize("address", ["brokers.example:9092", "127.0.0.1:9092", None])
def test_kafka_in_plain_text_is_refused(protocol: str, address: str | None) -> None:
    with pytest.raises(InvalidSettings) as refused:
        Settings(production=True, **{**TLS, "kafka_security_protocol": protocol}, kafka_bootstrap=address)
    assert f"FLAGPOST_KAFKA_SECURITY_PROTOCOL={protocol}" in refused.value.message
    assert "SASL_SSL" in refused.value.hint


@pytest.mark.parametrize("url", ["http://cluster.example:9200", "http://127.0.0.1:9200", "HTTP://LOCALHOST:9200"])
def test_elasticsearch_in_plain_text_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="FLAGPOST_PRODUCTION") as refused:
        Settings(production=True, **TLS, elasticsearch_url=url)
    assert "FLAGPOST_ELASTICSEARCH_URL" in refused.value.hint


def test_the_local_elasticsearch_is_no_way_around(tmp_path: Path) -> None:
    settings = Settings(production=True, **TLS, home=tmp_path)
    note = local_status_file(tmp_path)
    note.parent.mkdir(parents=True)
    note.write_text(f'{{"elasticsearch": {{"url": "http://127.0.0.1:9200", "pid": {os.getpid()}}}}}')
    with pytest.raises(InvalidSettings, match="plain text"):
        client_options(settings)


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_over_tls_both_are_reached_and_certificates_are_looked_at(protocol: str) -> None:
    settings = Settings(
        production=True,
        **{**TLS, "kafka_security_protocol": protocol},
        kafka_bootstrap="brokers.example:9093",
        elasticsearch_url="https://cluster.example:9200",
    )
    kafka = kafka_python_options(settings)
    assert kafka["security_protocol"] == protocol
    assert kafka["ssl_context"].check_hostname
    assert client_options(settings)["hosts"] == ["https://cluster.example:9200"]


def test_a_stage_that_needs_no_elasticsearch_needs_name_none() -> None:
    assert Settings(production=True, **TLS, kafka_bootstrap="brokers:9093").bootstrap() == "brokers:9093"


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["setup"],
        ["worker", "classify"],
        ["ingest", "posts.jsonl"],
        ["ingest-http", "--no-token"],
        ["search"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_refuses_before_it_does_anything(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("FLAGPOST_PRODUCTION", "true")
    (tmp_path / "posts.jsonl").write_text("{}\n")
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == InvalidSettings.exit_code
    shown = capsys.readouterr().err
    assert "FLAGPOST_PRODUCTION is on" in shown
    assert "Traceback" not in shown
