"""The exported file: there whole or not at all, and never in the place of another."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput
from pipeline.export.target import new_file, require_new
from tests.signals import heeded


def test_a_file_that_was_kept_stands_under_its_name_for_its_owner_alone(tmp_path: Path) -> None:
    with new_file(tmp_path / "out.csv") as file:
        file.stream.write(b"row")
        assert not (tmp_path / "out.csv").exists(), "it is not complete yet"
        file.keep()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_bytes() == b"row"
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600


def test_of_what_was_not_kept_nothing_is_left(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_file(tmp_path / "out.csv") as file:
            file.stream.write(b"row")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_it_leaves_no_half_file(tmp_path: Path, number: signal.Signals) -> None:
    def ended() -> None:
        with new_file(tmp_path / "out.csv") as file:
            file.stream.write(b"row")
            signal.raise_signal(number)

    with heeded(number):
        before = signal.getsignal(number)
        with pytest.raises(SystemExit) as end:
            ended()
        assert signal.getsignal(number) == before
    assert end.value.code == 128 + number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_somebody_put_there_meanwhile_stays(tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", refused)
    with new_file(tmp_path / "out.csv") as file:
        (tmp_path / "out.csv").write_bytes(b"theirs")
        with pytest.raises(InvalidInput):
            file.keep()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"theirs"]


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    with new_file(tmp_path / "out.csv") as file:
        file.stream.write(b"row")
        file.keep()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.csv", b"row")]


def test_what_is_there_or_can_not_be_made_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for path, sentence in [
        ("there", "already"),
        ("dangling", "already"),
        (".", "already"),
        ("no/file", "doesn't exist"),
    ]:
        with pytest.raises(InvalidInput, match=sentence):
            require_new(tmp_path / path)
    require_new(tmp_path / "new")


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with new_file(tmp_path / "out.csv") as file:
            signal.raise_signal(signal.SIGHUP)
            file.keep()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (tmp_path / "out.csv").exists()
