from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy import doctor
from deploy.doctor import Finding, check_folder, check_heartbeat, check_model, check_port, check_python
from deploy.local.ports import Ports
from pipeline.settings import Settings


def test_python_is_judged_by_its_version() -> None:
    assert check_python((3, 11)).state == "ok"
    assert check_python((3, 10)).state == check_python((3, 14)).state == "wrong"


def test_a_folder_that_can_be_made_is_well(tmp_path: Path) -> None:
    assert check_folder("home", tmp_path / "new" / "home", "do").state == "ok"


def test_a_file_in_the_place_of_a_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    found = check_folder("home", tmp_path / "home", "Choose another folder.")
    assert (found.state, found.do) == ("wrong", "Choose another folder.")


def test_a_missing_model_is_told_with_its_setting(tmp_path: Path) -> None:
    found = check_model(tmp_path)
    assert found.state == "wrong"
    assert "FLAGPOST_MODEL" in found.do


def test_a_port_that_is_asked_for_and_taken_is_wrong(tmp_path: Path) -> None:
    environment = {"FLAGPOST_LOCAL_KAFKA_PORT": "19092"}
    found = check_port("kafka", Ports(tmp_path / "ports.json", lambda _port: False, environment))
    assert found.state == "wrong"
    assert "19092" in found.says


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("attention", 0), ("wrong", 1)])
def test_the_exit_code_tells_whether_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, state: doctor.State, code: int
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda _settings: iter([Finding("disk", state, "It is so.", "Do this.")]))
    shown = CliRunner().invoke(doctor.doctor)
    assert shown.exit_code == code
    assert "It is so." in shown.output
    assert "Do this." in shown.output
    told = json.loads(CliRunner().invoke(doctor.doctor, ["--json"]).output)
    assert told == {
        "ok": code == 0,
        "findings": [{"check": "disk", "state": state, "says": "It is so.", "do": "Do this."}],
    }


def test_a_missing_dead_mans_switch_is_told_calmly_and_in_production_with_what_to_do() -> None:
    at_home = check_heartbeat(Settings())
    assert (at_home.state, at_home.do) == ("ok", "")
    production = check_heartbeat(Settings(production=True, kafka_security_protocol="SSL"))
    assert production.state == "attention"
    assert "FLAGPOST_HEARTBEAT_URL" in production.do
    assert "SECRET" not in check_heartbeat(Settings(heartbeat_url="https://x.example/SECRET")).says  # type: ignore[arg-type]
