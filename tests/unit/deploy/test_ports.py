from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.ports import Ports
from pipeline.errors import LocalStackError


def all_but(*taken: int) -> Callable[[int], bool]:
    return lambda port: port not in taken


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ports.json"


def test_the_usual_port_is_taken_when_it_is_free(file: Path) -> None:
    assert Ports(file, all_but(), {}).choose("kafka") == 9092


def test_the_next_free_port_is_taken_otherwise(file: Path) -> None:
    assert Ports(file, all_but(9200, 9201), {}).choose("elasticsearch") == 9202


def test_a_restarted_server_gets_the_port_of_last_time(file: Path) -> None:
    Ports(file, all_but(9092), {}).choose("kafka")
    assert Ports(file, all_but(), {}).choose("kafka") == 9093


def test_the_port_of_last_time_is_left_when_another_program_has_it(file: Path) -> None:
    Ports(file, all_but(9092), {}).choose("kafka")
    assert Ports(file, all_but(9093), {}).choose("kafka") == 9092


def test_two_servers_of_one_home_never_share_a_port(file: Path) -> None:
    ports = Ports(file, all_but(), {"FLAGPOST_LOCAL_KAFKA_PORT": "9200"})
    assert ports.choose("kafka") == 9200
    assert ports.choose("elasticsearch") == 9201


def test_a_port_that_was_lost_to_another_program_is_avoided(file: Path) -> None:
    assert Ports(file, all_but(), {}).choose("kafka", avoid=[9092]) == 9093


def test_looking_for_a_port_notes_nothing(file: Path) -> None:
    Ports(file, all_but(), {}).find("kafka")
    assert not file.exists()


def test_a_port_that_is_asked_for_wins_over_the_one_of_last_time(file: Path) -> None:
    Ports(file, all_but(), {}).choose("kafka")
    assert Ports(file, all_but(), {"FLAGPOST_LOCAL_KAFKA_PORT": "19092"}).choose("kafka") == 19092


def test_a_port_that_is_asked_for_and_taken_is_an_error_that_says_what_to_do(file: Path) -> None:
    ports = Ports(file, all_but(19200), {"FLAGPOST_LOCAL_ELASTICSEARCH_PORT": "19200"})
    with pytest.raises(LocalStackError, match="Port 19200, asked for by FLAGPOST_LOCAL_ELASTICSEARCH_PORT") as error:
        ports.choose("elasticsearch")
    assert "unset the variable" in error.value.hint


@pytest.mark.parametrize("text", ["kafka", "0", "65536", "-1", "9092.0", "٣"])
def test_what_is_no_port_is_refused(file: Path, text: str) -> None:
    with pytest.raises(LocalStackError, match="FLAGPOST_LOCAL_KAFKA_PORT is not a port"):
        Ports(file, all_but(), {"FLAGPOST_LOCAL_KAFKA_PORT": text}).choose("kafka")


def test_no_free_port_at_all_is_an_error(file: Path) -> None:
    with pytest.raises(LocalStackError, match="No port from 9092 to 9181 is free for kafka"):
        Ports(file, lambda _port: False, {}).choose("kafka")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"kafka": "9999"}'])
def test_a_damaged_note_of_ports_is_as_good_as_none(file: Path, content: str) -> None:
    file.write_text(content)
    assert Ports(file, all_but(), {}).choose("kafka") == 9092
