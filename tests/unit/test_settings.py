from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidSettings
from pipeline.settings import Settings, load_settings, local_status_file, unknown_settings

pytestmark = pytest.mark.usefixtures("no_settings_files")


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


def test_secrets_are_masked_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_PASSWORD", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_the_running_local_stack_is_the_default_cluster(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.bootstrap() == "127.0.0.1:9092"
    status = local_status_file(tmp_path)
    status.parent.mkdir(parents=True)
    status.write_text('{"kafka": {"bootstrap": "127.0.0.1:19"}, "elasticsearch": {"url": "http://127.0.0.1:29"}}')
    assert settings.bootstrap() == "127.0.0.1:19"
    assert settings.elasticsearch() == "http://127.0.0.1:29"
    assert Settings(home=tmp_path, kafka_bootstrap="there:1").bootstrap() == "there:1"


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"kafka": null}', '{"kafka": {}}'])
def test_a_broken_note_of_the_local_stack_is_no_reason_to_fail(tmp_path: Path, broken: str) -> None:
    status = local_status_file(tmp_path)
    status.parent.mkdir(parents=True)
    status.write_text(broken)
    assert Settings(home=tmp_path).bootstrap() == "127.0.0.1:9092"


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
    assert "FLAGPOST_KAFKA_PASWORD in the environment is no setting; is FLAGPOST_KAFKA_PASSWORD meant?" in sentences
    assert "FLAGPOST_HTTP_PROT in .env is no setting; is FLAGPOST_HTTP_PORT meant?" in sentences
    assert "FLAGPOST_KAFKA_BOOTSTRP in flagpost.toml is no setting; is FLAGPOST_KAFKA_BOOTSTRAP meant?" in sentences
    assert len(unknown_settings()) == 3


@pytest.mark.parametrize("url", ["127.0.0.1:9200", "ftp://x:1", "http://elastic:hunter2@x:1"])
def test_a_url_that_can_not_be_used_or_shown_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_URL", url)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert "hunter2" not in caught.value.message
