from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.lock import (
    ELASTICSEARCH_VERSIONS,
    KAFKA_VERSION,
    LOCK_FILE,
    Artifact,
    artifacts_of,
    read_lock,
    sha256_of,
    written,
)


def test_the_committed_lock_file_is_exactly_what_would_be_written() -> None:
    assert written(read_lock()) == LOCK_FILE.read_text(encoding="utf-8")


def test_every_version_that_can_be_started_is_locked() -> None:
    assert len(artifacts_of(f"kafka-{KAFKA_VERSION}")) > 40
    for version in ELASTICSEARCH_VERSIONS:
        (archive,) = artifacts_of(f"elasticsearch-{version}")
        assert archive.file_name == f"elasticsearch-{version}.zip"


def test_kafka_is_locked_with_clients_of_its_own_version_and_a_binding_of_its_log4j() -> None:
    versions = {artifact.name: artifact.version for artifact in artifacts_of(f"kafka-{KAFKA_VERSION}")}
    assert versions["kafka-clients"] == versions["kafka_2.13"] == KAFKA_VERSION
    assert versions["log4j-slf4j-impl"] == versions["log4j-core"] == versions["log4j-api"]


def test_no_two_files_of_one_program_share_a_name() -> None:
    names = [(artifact.program, artifact.file_name) for artifact in read_lock()]
    assert len(names) == len(set(names))


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(KeyError):
        artifacts_of("elasticsearch-1.0.0")


@pytest.mark.parametrize(
    "line",
    [
        "kafka-4.3.0 org.apache.kafka:kafka_2.13:4.3.0:jar 12",
        "kafka-4.3.0 org.apache.kafka:kafka_2.13 12 " + "a" * 64,
        "kafka-4.3.0 org.apache.kafka:kafka_2.13:4.3.0:jar twelve " + "a" * 64,
        "kafka-4.3.0 org.apache.kafka:kafka_2.13:4.3.0:jar 12 " + "a" * 63,
        "kafka-4.3.0 org.apache.kafka:kafka_2.13:4.3.0:jar 12 " + "A" * 64,
    ],
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 of the lock file"):
        read_lock(f"# comment\n{line}\n")


def test_a_file_matches_only_with_its_very_bytes(tmp_path: Path) -> None:
    file = tmp_path / "some.jar"
    file.write_bytes(b"right")
    artifact = Artifact("program", "group", "some", "1", "jar", 5, sha256_of(file))
    assert artifact.matches(file)
    file.write_bytes(b"wrong")
    assert not artifact.matches(file)
    file.unlink()
    assert not artifact.matches(file)
