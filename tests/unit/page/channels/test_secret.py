"""Where secrets come from, and what is said when they don't."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.alert.rules import Secret
from pipeline.errors import InvalidSettings
from pipeline.page.channels import secret


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_KEY", " s3cret\n")
    assert secret.read(Secret(env="DESK_KEY"), "desk") == "s3cret"


def test_a_secret_is_read_from_the_env_file_where_settings_are_read_from(
    no_settings_files: None, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("DESK_KEY=s3cret\n")
    assert secret.read(Secret(env="DESK_KEY"), "desk") == "s3cret"


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    assert secret.read(Secret(file=str(tmp_path / "key")), "desk") == "s3cret"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xffs3cret"])
def test_a_secret_that_is_not_in_its_file_is_told_by_channel_and_path(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidSettings) as told:
        secret.read(Secret(file=str(path)), "desk")
    assert "desk" in told.value.message
    assert str(path) in told.value.message
    assert "s3cret" not in told.value.message + told.value.hint


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_secret_that_is_not_in_its_variable_is_told_by_channel_and_variable(
    no_settings_files: None, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("DESK_KEY", value)
    with pytest.raises(InvalidSettings, match=r"desk .* DESK_KEY"):
        secret.read(Secret(env="DESK_KEY"), "desk")


@pytest.mark.parametrize("place", [Secret(), Secret(env="A", file="b")])
def test_a_secret_is_in_one_place(place: Secret) -> None:
    with pytest.raises(InvalidSettings, match="desk"):
        secret.read(place, "desk")
