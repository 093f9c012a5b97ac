"""A secret is seen by the server it is for, and by nobody else: not in what is printed, logged or raised."""

from __future__ import annotations

import json
import re
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import faust
import pytest
from kafka import KafkaAdminClient
from pydantic import SecretStr

from agents.stage_app import _credentials
from pipeline.cli import main
from pipeline.elasticsearch_client import connect
from pipeline.errors import InvalidSettings, KafkaUnavailable
from pipeline.kafka_clients import kafka_errors_explained, kafka_python_options
from pipeline.settings import PREFIX, Settings, load_settings, unknown_settings
from tests.security.logs import logged

SECRET = "s3cret-never-shown"
SECRETS = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]


def value_of(name: str) -> str:
    """The secret in a form that the setting takes."""
    return f"https://ping.example/{SECRET}" if name.endswith("_url") else SECRET


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLAGPOST_HOME", str(tmp_path / "home"))
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command and gives all that it wrote, with tracebacks where it raised."""

    def command(*arguments: str) -> str:
        load_settings.cache_clear()
        try:
            main(list(arguments))
        except SystemExit:
            raised = ""
        except Exception:
            raised = traceback.format_exc()
        out, err = capfd.readouterr()
        return out + err + raised

    return command


def test_what_sounds_secret_is_held_as_one() -> None:
    sounds = {name for name in Settings.model_fields if re.search("password|token|secret|_key$", name)}
    switches = {"heartbeat_url", "retain_heartbeat_url"}
    assert sounds | switches == set(SECRETS), "who knows a heartbeat's address can feign it"


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_may_come_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mounted").write_text(f"{value_of(name)}\n", "utf-8")
    monkeypatch.setenv(f"{PREFIX}{name.upper()}_FILE", str(tmp_path / "mounted"))
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", "the file wins")
    found = getattr(load_settings(), name)
    assert isinstance(found, SecretStr)
    assert found.get_secret_value() == value_of(name)
    assert unknown_settings() == []


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("as_file", [False, True], ids=["variable", "file"])
def test_no_command_shows_a_secret(
    name: str, as_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., str]
) -> None:
    variable = f"{PREFIX}{name.upper()}"
    (tmp_path / "mounted").write_text(value_of(name), "utf-8")
    given = str(tmp_path / "mounted") if as_file else value_of(name)
    monkeypatch.setenv(f"{variable}_FILE" if as_file else variable, given)
    monkeypatch.setenv("FLAGPOST_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("FLAGPOST_KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("FLAGPOST_KAFKA_USERNAME", "somebody")
    if name.startswith("elasticsearch_password"):
        monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_USERNAME", "somebody")
    assert "********" in run("settings")
    shown = "".join(
        run(*command)
        for command in (
            ["settings"],
            ["settings", "--json"],
            ["status"],
            ["status", "--json"],
            ["doctor"],
            ["--debug", "search", "x"],
            ["--debug", "setup"],
            ["--debug", "dead-letters", "list"],
        )
    )
    assert "127.0.0.1:1" in shown, "the commands did run"
    assert SECRET not in shown


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_was_set_where_its_file_belongs_is_not_repeated(
    name: str, monkeypatch: pytest.MonkeyPatch, run: Callable[..., str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}_FILE", SECRET)
    shown = run("--debug", "settings")
    assert f"{name.upper()}_FILE" in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "line",
    [f'kafka_password = ["{SECRET}"]', f'kafka_password = "{SECRET}', f'elasticsearch_url = "https://u:{SECRET}@x:1"'],
    ids=["wrong type", "broken file", "in a URL"],
)
def test_a_settings_file_that_is_wrong_is_told_without_its_secret(
    line: str, tmp_path: Path, run: Callable[..., str]
) -> None:
    (tmp_path / "flagpost.toml").write_text(line + "\n", "utf-8")
    shown = run("--debug", "settings")
    assert InvalidSettings.__name__ in shown
    assert SECRET not in shown


def test_no_object_that_holds_a_secret_shows_it() -> None:
    settings = Settings(
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_username="u",
        kafka_password=SecretStr(SECRET),
        elasticsearch_url="http://127.0.0.1:1",
        elasticsearch_username="u",
        elasticsearch_password=SecretStr(SECRET),
        http_token=SecretStr(SECRET),
    )
    credentials = _credentials(settings)
    assert isinstance(credentials, faust.SASLCredentials)
    with connect(settings) as client:
        shown = [repr(settings), str(settings), repr(credentials), str(credentials), repr(client)]
        shown.append(repr(list(client.transport.node_pool.all())))
    assert SECRET not in json.dumps([*shown, settings.model_dump_json()])


def test_a_sign_on_in_vain_logs_no_secret_even_at_debug() -> None:
    """kafka-python itself logs a client's password at DEBUG; so its level does not follow ours."""
    with logged("DEBUG") as lines, socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(
            kafka_bootstrap=f"127.0.0.1:{silent.getsockname()[1]}",
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_username="somebody",
            kafka_password=SecretStr(SECRET),
        )
        options = {**kafka_python_options(settings), "bootstrap_timeout_ms": 500}
        with pytest.raises(KafkaUnavailable) as raised, kafka_errors_explained(settings):
            KafkaAdminClient(**options)
    assert "kafka" in lines.getvalue()
    assert SECRET not in lines.getvalue() + "".join(traceback.format_exception(raised.value))
