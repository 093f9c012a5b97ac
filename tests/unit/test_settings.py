from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ElasticsearchUnavailable, InvalidSettings, KafkaUnavailable
from pipeline.retention.purge import KEEP_ALIVE, PAGE
from pipeline.settings import Settings, load_settings, local_status_file, unknown_settings

pytestmark = pytest.mark.usefixtures("no_settings_files")


def note_local_servers(home: Path, pid: int) -> Path:
    """The note of `flagpost local up`, of two servers that ``pid`` is."""
    kafka = {"bootstrap": "127.0.0.1:19", "pid": pid}
    elasticsearch = {"url": "http://127.0.0.1:29", "version": "9.2.0", "pid": pid}
    file = local_status_file(home)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"kafka": kafka, "elasticsearch": elasticsearch}))
    return file


def test_the_environment_wins_over_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flagpost.toml").write_text('namespace = "toml"\nclassify_batch = 7\n')
    (tmp_path / ".env").write_text("FLAGPOST_NAMESPACE=dotenv\nFLAGPOST_INDEX_BATCH=9\n")
    monkeypatch.setenv("FLAGPOST_NAMESPACE", "env")
    settings = load_settings()
    assert (settings.namespace, settings.index_batch, settings.classify_batch) == ("env", 9, 7)


def test_a_secret_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    monkeypatch.setenv("FLAGPOST_KAFKA_PASSWORD_FILE", str(tmp_path / "secret"))
    password = load_settings().kafka_password
    assert password is not None
    assert password.get_secret_value() == "hunter2"


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_HTTP_TOKEN_FILE", "/nowhere/token")
    with pytest.raises(InvalidSettings, match="FLAGPOST_HTTP_TOKEN_FILE"):
        load_settings()


def test_a_wrong_value_is_named_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_CLASSIFY_BATCH", "hunter2")
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert "FLAGPOST_CLASSIFY_BATCH" in caught.value.message
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_an_area_that_is_no_circle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_AREA", "51.5,-0.12")
    with pytest.raises(InvalidSettings, match="FLAGPOST_AREA"):
        load_settings()
    monkeypatch.setenv("FLAGPOST_AREA", "51.5,-0.12,60")
    assert load_settings().area == "51.5,-0.12,60"


@pytest.mark.parametrize("days", ['{"flagged": -1}', '{"flagged": 0}', '{"flaged": 730}', '{"audit": 1e9}'])
def test_a_retention_that_nobody_can_mean_is_refused_by_every_command(
    days: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAGPOST_KAFKA_RETENTION_DAYS", days)  # or `flagpost retain` would delete by it
    with pytest.raises(InvalidSettings, match="RETENTION_DAYS"):
        load_settings()


@pytest.mark.parametrize("kind", ["ITEMS", "REVIEWED", "ALERTS", "AUDIT"])
def test_documents_are_kept_for_a_hundred_years_at_most(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"FLAGPOST_RETAIN_{kind}_DAYS", "1000000")  # no date lies so far back
    with pytest.raises(InvalidSettings, match=f"RETAIN_{kind}_DAYS"):
        load_settings()


def test_the_slowest_rate_waits_for_less_than_elasticsearch_keeps_what_was_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLAGPOST_RETAIN_RATE", "0.5")
    with pytest.raises(InvalidSettings, match="RETAIN_RATE"):
        load_settings()
    monkeypatch.setenv("FLAGPOST_RETAIN_RATE", "1")
    assert PAGE / load_settings().retain_rate < int(KEEP_ALIVE.removesuffix("m")) * 60


def test_secrets_are_masked_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_PASSWORD", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_the_running_local_stack_is_the_default_cluster(tmp_path: Path) -> None:
    note_local_servers(tmp_path, os.getpid())
    settings = Settings(home=tmp_path)
    assert settings.bootstrap() == "127.0.0.1:19"
    assert settings.elasticsearch() == "http://127.0.0.1:29"
    assert Settings(home=tmp_path, kafka_bootstrap="there:1").bootstrap() == "there:1"


def test_whom_nobody_named_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(KafkaUnavailable, match=r"No Kafka is set and none runs here\.") as kafka:
        Settings(home=tmp_path).bootstrap()
    assert kafka.value.hint == "`flagpost local up` starts one, or set FLAGPOST_KAFKA_BOOTSTRAP."
    with pytest.raises(ElasticsearchUnavailable, match=r"No Elasticsearch is set and none runs here\.") as cluster:
        Settings(home=tmp_path).elasticsearch()
    assert cluster.value.hint == "`flagpost local up` starts one, or set FLAGPOST_ELASTICSEARCH_URL."


def test_a_local_server_that_has_ended_is_none(tmp_path: Path) -> None:
    """Another program may listen where it did: after a crash or a restart of the machine its note is still there."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    note_local_servers(tmp_path, ended.pid)
    with pytest.raises(KafkaUnavailable):
        Settings(home=tmp_path).bootstrap()


def test_a_process_that_got_the_pid_of_a_local_server_is_none(tmp_path: Path) -> None:
    note_local_servers(tmp_path, os.getpid())
    os.utime(local_status_file(tmp_path), (1_000_000_000, 1_000_000_000))  # long before this process began
    with pytest.raises(ElasticsearchUnavailable):
        Settings(home=tmp_path).elasticsearch()


@pytest.mark.parametrize(
    "broken", ["", "[]", "{", '{"kafka": null}', '{"kafka": {}}', '{"kafka": {"bootstrap": "x:1", "pid": "1"}}']
)
def test_a_broken_note_of_the_local_stack_is_no_traceback(tmp_path: Path, broken: str) -> None:
    note_local_servers(tmp_path, os.getpid()).write_text(broken)
    with pytest.raises(KafkaUnavailable):
        Settings(home=tmp_path).bootstrap()


def test_a_namespace_stands_before_every_name() -> None:
    assert Settings(namespace="north").named("posts") == "north-posts"
    assert Settings().named("posts") == "posts"


def test_a_misspelt_setting_is_named_with_the_one_that_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAGPOST_KAFKA_PASWORD", "x")
    monkeypatch.setenv("FLAGPOST_HTTP_TOKEN_FILE", "/run/secrets/token")
    monkeypatch.setenv("FLAGPOST_LOCAL_KAFKA_PORT", "9092")
    (tmp_path / ".env").write_text("FLAGPOST_HTTP_PROT=9\n")
    (tmp_path / "flagpost.toml").write_text('kafka_bootstrp = "x:1"\n')
    sentences = "\n".join(unknown_settings())
    assert "FLAGPOST_KAFKA_PASWORD in the environment is not a setting; is FLAGPOST_KAFKA_PASSWORD meant?" in sentences
    assert "FLAGPOST_HTTP_PROT in .env is not a setting; is FLAGPOST_HTTP_PORT meant?" in sentences
    assert "FLAGPOST_KAFKA_BOOTSTRP in flagpost.toml is not a setting; is FLAGPOST_KAFKA_BOOTSTRAP meant?" in sentences
    assert len(unknown_settings()) == 3


@pytest.mark.parametrize("url", ["127.0.0.1:9200", "ftp://x:1", "http://elastic:hunter2@x:1"])
def test_a_url_that_can_not_be_used_or_shown_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_URL", url)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("url", ["", "https://", "kibana:5601", "ftp://x:1", "http://elastic:hunter2@x:1"])
def test_an_address_of_kibana_that_can_not_be_used_or_shown_is_refused_wherever_it_is_given(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidSettings, match="address of Kibana is wrong") as of_the_option:
        Settings().at_kibana(url)
    monkeypatch.setenv("FLAGPOST_KIBANA_URL", url)
    with pytest.raises(InvalidSettings, match="FLAGPOST_KIBANA_URL") as of_the_setting:
        load_settings()
    assert "hunter2" not in of_the_option.value.message + of_the_setting.value.message


def test_in_production_kibana_is_not_reached_in_plain_text() -> None:
    with pytest.raises(InvalidSettings, match="Kibana would be reached in plain text") as refused:
        Settings(production=True, kafka_security_protocol="SSL", kibana_url="http://kibana:5601")
    assert "FLAGPOST_KIBANA_URL" in refused.value.hint
    settings = Settings(production=True, kafka_security_protocol="SSL", kibana_url="https://kibana:5601")
    with pytest.raises(InvalidSettings, match="Kibana would be reached in plain text"):
        settings.at_kibana("http://kibana:5601")
    assert settings.at_kibana("https://other:5601").kibana_url == "https://other:5601"


@pytest.mark.parametrize(("url", "production"), [("ping.example/SECRET", False), ("http://ping.example/SECRET", True)])
@pytest.mark.parametrize("name", ["heartbeat_url", "retain_heartbeat_url"])
def test_a_heartbeat_url_that_would_tell_its_secret_is_refused_and_not_quoted(
    name: str, url: str, production: bool
) -> None:
    with pytest.raises(InvalidSettings, match=f"FLAGPOST_{name.upper()} can't be used") as refused:
        Settings(production=production, kafka_security_protocol="SSL", **{name: url})  # type: ignore[arg-type]
    assert "SECRET" not in refused.value.message + refused.value.hint
