from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local import artifacts
from deploy.local.artifacts import Report
from deploy.local.lock import Artifact
from pipeline.errors import LocalStackError

QUIET = Console(quiet=True)


def artifact(content: bytes, name: str = "server", packaging: str = "jar") -> Artifact:
    return Artifact("server-1", "org.example", name, "1", packaging, len(content), hashlib.sha256(content).hexdigest())


class Repository:
    """Stands in for the transfer: serves bytes by artifact name, an exception where one is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, locked: list[Artifact], **served: bytes | Exception) -> None:
        self.served = served
        self.asked: list[str] = []
        monkeypatch.setattr(artifacts, "artifacts_of", lambda _program: locked)
        monkeypatch.setattr(artifacts, "_transfer", self.transfer)

    def transfer(self, wanted: Artifact, folder: Path, _report: Report) -> Path:
        self.asked.append(wanted.name)
        content = self.served[wanted.name]
        if isinstance(content, Exception):
            raise content
        file = folder / wanted.file_name
        file.write_bytes(content)
        return file


def test_a_program_is_fetched_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repository = Repository(monkeypatch, [artifact(b"one", "a"), artifact(b"two", "b")], a=b"one", b=b"two")
    first = artifacts.fetch("server-1", tmp_path, QUIET)
    again = artifacts.fetch("server-1", tmp_path, QUIET)
    assert first == again == tmp_path / "server-1"
    assert {path.name: path.read_bytes() for path in first.iterdir()} == {"a-1.jar": b"one", "b-1.jar": b"two"}
    assert sorted(repository.asked) == ["a", "b"]
    assert list((tmp_path / "downloads").iterdir()) == []


def test_other_bytes_than_the_locked_are_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Repository(monkeypatch, [artifact(b"right")], server=b"wrong")
    with pytest.raises(LocalStackError, match=r"org.example:server:1:jar does not have the locked checksum"):
        artifacts.fetch("server-1", tmp_path, QUIET)
    assert not (tmp_path / "server-1").exists()
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_failed_download_names_the_artifact_and_keeps_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    locked = [artifact(b"one", "a"), artifact(b"two", "b")]
    repository = Repository(monkeypatch, locked, a=b"one", b=ConnectionError())
    with pytest.raises(LocalStackError, match=r"org.example:b:1:jar could not be fetched \(ConnectionError\)") as error:
        artifacts.fetch("server-1", tmp_path, QUIET)
    assert "run the same command again" in error.value.hint

    repository.served["b"] = b"two"
    repository.asked.clear()
    artifacts.fetch("server-1", tmp_path, QUIET)
    assert repository.asked == ["b"]


def test_what_a_killed_fetch_left_behind_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".server-1-abc").mkdir()
    (tmp_path / "downloads" / "tmpabc").mkdir(parents=True)
    Repository(monkeypatch, [artifact(b"one")], server=b"one")
    artifacts.fetch("server-1", tmp_path, QUIET)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["downloads", "fetch.lock", "server-1"]
    assert list((tmp_path / "downloads").iterdir()) == []


def test_an_archive_keeps_its_run_bits_and_is_readable_for_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, mode in (("server-1/bin/start", 0o100755), ("server-1/config/x.yml", 0o100640)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, "x")
    Repository(monkeypatch, [artifact(packed.getvalue(), packaging="zip")], server=packed.getvalue())
    before = os.umask(0o077)
    try:
        folder = artifacts.fetch("server-1", tmp_path, QUIET)
    finally:
        os.umask(before)
    modes = {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in folder.rglob("*")}
    assert modes == {"bin": 0o755, "bin/start": 0o755, "config": 0o755, "config/x.yml": 0o644}
    assert folder.stat().st_mode & 0o777 == 0o755
