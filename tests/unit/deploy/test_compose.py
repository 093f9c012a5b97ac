"""deploy/compose.yaml: valid, whole, and safe by default. See test_compose_settings.py too."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import compose_spec
import pytest

from deploy.local.lock import ELASTICSEARCH_VERSIONS, KAFKA_VERSION
from pipeline.settings import ROOT
from tests.unit.deploy.composition import (
    FILE,
    LINKS,
    OURS,
    SERVICES,
    WHOLE,
    MissingVariable,
    composition,
    interpolated,
    mounts,
    secrets_of,
)
from tests.unit.deploy.manifests import DOCKERFILE

WRITABLE_ROOT = {"elasticsearch", "kibana"}
"""Both write beside their programs; the file says what."""

every_service = pytest.mark.parametrize("name", SERVICES)


def test_compose_knows_every_field() -> None:
    services = compose_spec.PyCompose.from_json(json.dumps(WHOLE)).service_names()
    assert sorted(services) == sorted(SERVICES)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("$$(cat $A)", "$(cat a)"),
        ("${A}${B-b}${B:-c}${E-e}${E:-f}", "abcf"),
        ("${A:+x}${B:+y}${E:+z}${E+w}", "xw"),
        ("${A:-${B:-b}}${B:-${A:-c}}${B:-${E:-d}}", "aad"),
    ],
)
def test_variables_are_put_in_as_compose_does(text: str, read: str) -> None:
    assert interpolated(text, {"A": "a", "E": ""}) == read


def test_without_the_address_of_its_links_nothing_starts() -> None:
    with pytest.raises(MissingVariable, match="https address"):
        composition({})
    wanted = set(re.findall(r"\$\{(\w+):?\?", FILE.read_text("utf-8")))
    assert wanted == set(LINKS)


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"USER": "jane"}, "jane"),
        ({"USER": "root", "SUDO_USER": "jane"}, "jane"),
        ({}, "unknown"),
        ({"USER": ""}, "unknown"),
    ],
)
def test_the_audit_log_gets_the_name_of_a_person_and_never_the_images_own(variables: dict[str, str], name: str) -> None:
    """Without LOGNAME it would be flagpost, which is what flagpost's own acts are written down under."""
    services = composition({**LINKS, **variables})["services"]
    people = {service: one for service, one in services.items() if one.get("profiles") == ["people"]}
    assert {one["environment"]["LOGNAME"] for one in people.values()} == {name}


def test_images_have_the_versions_that_were_tried_here() -> None:
    images = {name: one["image"].rpartition(":") for name, one in SERVICES.items()}
    assert all(re.fullmatch(r"v?\d+\.\d+\.\d+", tag) for _, _, tag in images.values()), (
        "no latest, and no half a version"
    )
    assert images["kafka"][2] == KAFKA_VERSION
    assert images["elasticsearch"][2] in ELASTICSEARCH_VERSIONS
    assert images["kibana"][2] == images["elasticsearch"][2]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {images[name][2] for name in OURS} == {version}


@every_service
def test_who_is_waited_for_can_become_what_is_waited_for(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        match how["condition"]:
            case "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]
            case "service_completed_successfully":
                assert SERVICES[other]["restart"] == "no"
            case condition:
                pytest.fail(f"{other}: {condition}")


def test_nobody_waits_in_a_circle() -> None:
    waiting = {name: set(one.get("depends_on", {})) for name, one in SERVICES.items()}
    while ready := {name for name, others in waiting.items() if not others & waiting.keys()}:
        waiting = {name: others for name, others in waiting.items() if name not in ready}
    assert not waiting


@pytest.mark.parametrize("kind", ["networks", "volumes", "secrets"])
def test_what_is_named_is_declared_and_what_is_declared_is_used(kind: str) -> None:
    used = {
        "networks": lambda name: SERVICES[name]["networks"],
        "volumes": lambda name: [source for source, *_ in mounts(name) if not source.startswith((".", "/"))],
        "secrets": secrets_of,
    }[kind]
    assert {one for name in SERVICES for one in used(name)} == set(WHOLE[kind])


@every_service
def test_what_is_mounted_of_this_repository_is_there_and_can_not_be_altered(name: str) -> None:
    for source, target, *how in mounts(name):
        if source.startswith(".") and target != "/mnt/snapshots":
            assert how == ["ro"]
            assert source.startswith("../secrets") or (FILE.parent / source).exists()


def test_the_secrets_are_those_that_the_script_makes(tmp_path: Path) -> None:
    script = ["sh", str(ROOT / "deploy" / "compose" / "secrets.sh"), str(tmp_path / "made")]
    subprocess.run(script, check=True, capture_output=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir() if path.is_file()}
    declared = {name: Path(one["file"]).name for name, one in WHOLE["secrets"].items()}
    assert all(name == file for name, file in declared.items())
    never_mounted = {"ca.key", "kafka.key", "kafka.crt"}
    assert made.keys() - never_mounted == declared.keys()
    passwords = [value for name, value in made.items() if re.search(r"^(kafka|elasticsearch|kibana)_", name)]
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch(rb"[0-9a-f]{64}", value) for value in passwords)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    subprocess.run(script, check=True, capture_output=True)
    assert all((tmp_path / "made" / name).read_bytes() == value for name, value in made.items()), "none is made anew"


def test_a_certificate_that_nobody_can_sign_is_told_and_none_is_written(tmp_path: Path) -> None:
    """The script itself advises to keep the authority's key elsewhere; the old certificate was deleted to be renewed."""
    script = ["sh", str(ROOT / "deploy" / "compose" / "secrets.sh"), str(tmp_path)]
    subprocess.run(script, check=True, capture_output=True)
    (tmp_path / "ca.key").rename(tmp_path / "elsewhere")
    (tmp_path / "kafka.crt").unlink()
    ran = subprocess.run(script, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "ca.key" in ran.stderr
    assert not (tmp_path / "kafka.crt").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "ca.key")
    (tmp_path / "kafka_page").unlink()
    (tmp_path / "kafka_page").touch()  # as after a full disk
    subprocess.run(script, check=True, capture_output=True)
    assert (tmp_path / "kafka.crt").read_bytes() in (tmp_path / "kafka.pem").read_bytes()
    assert len((tmp_path / "kafka_page").read_bytes()) == 64
    assert not [path.name for path in tmp_path.iterdir() if path.suffix in (".csr", ".ext", ".signed", ".told", ".new")]


def test_no_secret_gets_into_the_image_or_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "/secrets/" in ignored
    let_in = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert not [line for line in let_in if line.startswith("!sec")]


def test_ports_are_this_machines_alone_and_each_is_taken_once() -> None:
    ports = [port.split(":") for one in SERVICES.values() for port in one.get("ports", [])]
    assert {address for address, _, _ in ports} == {"127.0.0.1"}
    assert len({port for _, port, _ in ports}) == len(ports)


def test_only_who_pages_or_gives_a_sign_of_life_has_a_way_out_and_the_servers_are_shut_in() -> None:
    networks = {name: set(one["networks"]) for name, one in SERVICES.items()}
    shut_in = {name for name, one in WHOLE["networks"].items() if (one or {}).get("internal")}
    assert {name for name, found in networks.items() if "outside" in found} == {"page", "retain"}
    assert {name for name, found in networks.items() if not found <= shut_in | {"front"}} == {"page", "retain"}
    assert {name for name, found in networks.items() if "front" in found} == {
        name for name, one in SERVICES.items() if one.get("ports")
    }
    assert networks["kafka"] == networks["elasticsearch"] == {"data"}
    assert networks["prometheus"] == {"watch"}, "it asks nobody for a password"
    front = WHOLE["networks"]["front"]["driver_opts"]
    assert front["com.docker.network.bridge.enable_ip_masquerade"] == "false", "its ports would be a way out, too"


@every_service
def test_a_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    one = SERVICES[name]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert not one.keys() & {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"}
    assert one["user"].split(":")[0] not in ("", "0", "root")
    assert one.get("read_only", False) == (name not in WRITABLE_ROOT)


@every_service
def test_memory_processes_and_logs_are_bounded(name: str) -> None:
    assert set(SERVICES[name]["deploy"]["resources"]["limits"]) == {"memory", "pids"}
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", OURS)
def test_the_user_is_the_images(name: str) -> None:
    assert f"USER {OURS[name]['user']}\n" in DOCKERFILE
