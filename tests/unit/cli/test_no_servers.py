"""Commands on a machine where no server is set and none runs: they ask nobody, not even who listens on the usual port."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.errors import ElasticsearchUnavailable, InvalidSettings, KafkaUnavailable

pytestmark = pytest.mark.usefixtures("no_settings_files", "nobody_is_asked")

NO_KAFKA = (
    "Error: No Kafka is set and none runs here.\n`flagpost local up` starts one, or set FLAGPOST_KAFKA_BOOTSTRAP.\n"
)


@pytest.fixture
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: object) -> None:
        raise AssertionError(f"something connects to {address}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("setup",),
        ("setup", "--dry-run"),
        ("worker", "classify"),
        ("worker", "index"),
        ("ingest", "posts.jsonl"),
        ("ingest-http", "--no-token"),
        ("dead-letters", "list"),
        ("dead-letters", "replay", "--all"),
        ("status", "--wait"),
    ],
    ids=" ".join,
)
def test_a_command_that_needs_kafka_says_that_there_is_none(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "posts.jsonl").write_text(
        '{"source": "x", "id": "1", "text": "t", "created_at": "2026-08-15T10:00:00Z"}\n'
    )
    assert run(*arguments) == KafkaUnavailable.exit_code
    shown = capsys.readouterr().err
    assert shown.endswith(NO_KAFKA)
    assert "Traceback" not in shown


@pytest.mark.parametrize("arguments", [("search", "knife"), ("setup",), ("worker", "index")], ids=" ".join)
def test_a_command_that_needs_elasticsearch_says_that_there_is_none(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLAGPOST_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    assert run(*arguments) == ElasticsearchUnavailable.exit_code
    assert capsys.readouterr().err == (
        "Error: No Elasticsearch is set and none runs here.\n"
        "`flagpost local up` starts one, or set FLAGPOST_ELASTICSEARCH_URL.\n"
    )


def test_status_shows_both_as_down_and_the_rest_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == KafkaUnavailable.exit_code
    shown = capsys.readouterr()
    assert "Kafka         none is set, none runs here       down" in shown.out
    assert "Elasticsearch none is set, none runs here       down" in shown.out
    assert "Workers       none" in shown.out
    assert NO_KAFKA in shown.err


def test_status_as_json_has_no_address_then(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", "--json") == KafkaUnavailable.exit_code
    found = json.loads(capsys.readouterr().out)
    assert (found["kafka"], found["elasticsearch"]) == (None, None)
    assert [problem["part"] for problem in found["problems"]] == ["kafka", "elasticsearch"]


@pytest.mark.parametrize("arguments", [("settings",), ("models", "list"), ("doctor",)], ids=" ".join)
def test_a_command_that_needs_neither_works(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) in (0, 1), "doctor may find something else wrong"
    shown = capsys.readouterr()
    assert "Error" not in shown.err
    assert "something unexpected" not in shown.err


def test_an_empty_address_of_kibana_is_no_way_to_leave_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    """As of `--kibana "$KIBANA"` in a shell that has no such variable."""
    assert run("setup", "--kibana", "") == InvalidSettings.exit_code
    assert "The address of Kibana is wrong" in capsys.readouterr().err
