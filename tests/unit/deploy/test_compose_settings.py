"""deploy/compose.yaml agrees with the settings, the commands, the rights, the servers' own files and deploy/kubernetes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose.users import ELASTICSEARCH_USERS, KAFKA_USERS, KIBANA
from deploy.rights import RIGHTS
from pipeline.settings import ROOT, Settings
from pipeline.supervisor import GRACE, STAGES
from tests.unit.deploy.commands import parsed
from tests.unit.deploy.composition import OURS, SERVICES, environment, mounts, secrets_of
from tests.unit.deploy.manifests import WORKLOADS, component, container, shared_settings

FOLDER = ROOT / "deploy" / "compose"
KAFKA = (FOLDER / "kafka.properties").read_text("utf-8")
ELASTICSEARCH = yaml.safe_load((FOLDER / "elasticsearch.yml").read_text("utf-8"))
KIBANA_YML = yaml.safe_load((FOLDER / "kibana.yml").read_text("utf-8"))
every_one_of_ours = pytest.mark.parametrize("name", OURS)


def read(name: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    """Settings as the container ``name`` would read them; each secret holds its own name."""
    monkeypatch.chdir(folder)
    for variable, value in environment(name).items():
        if value.startswith("/run/secrets/"):
            file = folder / Path(value).name
            file.write_text(f"https://{file.name}.example" if file.name.endswith("_url") else file.name)
            value = str(file)
        monkeypatch.setenv(variable, value)
    return Settings()


@every_one_of_ours
def test_every_variable_is_a_setting_and_no_secret_stands_in_one(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fields = Settings.model_fields
    for variable, value in environment(name).items():
        if variable in ("HEALTH_URL", "LOGNAME"):  # the image's own, and the system's
            continue
        setting = variable.removeprefix("FLAGPOST_").lower()
        secret = setting.removesuffix("_file")
        if secret != setting and secret in fields:
            assert "SecretStr" in str(fields[secret].annotation)
            assert value in ("", *secrets_of(name).values())
        else:
            assert setting in fields
            assert "SecretStr" not in str(fields[setting].annotation)
    settings = read(name, monkeypatch, tmp_path)
    assert settings.production
    assert settings.kafka_password is not None


@every_one_of_ours
def test_a_service_is_given_the_secrets_that_it_reads_and_no_others(name: str) -> None:
    given = set(secrets_of(name).values())
    used = {value for value in environment(name).values() if value.startswith("/run/secrets/")}
    if name == "users":  # gives all of them out
        used |= {f"/run/secrets/kafka_{user}" for user in KAFKA_USERS}
        used |= {f"/run/secrets/elasticsearch_{user}" for user in (*ELASTICSEARCH_USERS, KIBANA[1])}
    assert given - {"/run/secrets/heartbeat_url", "/run/secrets/retain_heartbeat_url"} == used


@pytest.mark.parametrize("name", [name for name in OURS if name != "users"])
def test_a_service_runs_a_command_that_there_is(name: str) -> None:
    command = SERVICES[name]["command"]
    assert parsed(command).split()[1] == command[0]


def test_every_stage_and_every_endpoint_runs_as_on_kubernetes() -> None:
    """The same commands, and the same bounds of memory: what was measured for one holds for the other."""
    for workload in WORKLOADS:
        there, here = container(workload), SERVICES[component(workload)]
        assert here["command"] == there["args"]
        megabytes = [_megabytes(one) for one in (there, {"resources": here["deploy"]["resources"]})]
        assert megabytes[0] == megabytes[1], component(workload)


@every_one_of_ours
def test_kafka_is_reached_as_on_kubernetes(name: str) -> None:
    there, here = shared_settings(), environment(name)
    for variable in ("FLAGPOST_PRODUCTION", "FLAGPOST_KAFKA_SECURITY_PROTOCOL", "FLAGPOST_KAFKA_SASL_MECHANISM"):
        assert here[variable] == there[variable]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_keeps_its_journal_and_has_time_to_end(stage: str) -> None:
    assert [stage, "/var/lib/flagpost"] in mounts(stage)
    assert float(SERVICES[stage]["stop_grace_period"].removesuffix("s")) > GRACE
    assert environment(stage)["FLAGPOST_METRICS_HOST"] == "0.0.0.0"
    assert set(SERVICES[stage]["networks"]) >= {"data", "watch"}


@pytest.mark.parametrize(("name", "port"), [("ingest-http", "http_port"), ("alerts-serve", "alerts_port")])
def test_an_endpoint_listens_where_it_is_asked(
    name: str, port: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listens = getattr(read(name, monkeypatch, tmp_path), port)
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{listens}:{listens}"]
    assert environment(name)["HEALTH_URL"] == f"http://127.0.0.1:{listens}/healthz"


@every_one_of_ours
def test_who_signs_on_is_made_with_rights_for_it(name: str) -> None:
    here = environment(name)
    user = here["FLAGPOST_KAFKA_USERNAME"]
    assert here["FLAGPOST_KAFKA_PASSWORD_FILE"] == f"/run/secrets/kafka_{user}"
    if name == "users":
        assert f"super.users=User:{user}\n" in KAFKA
        return
    assert set(KAFKA_USERS[user]) <= set(RIGHTS)
    at_elasticsearch = here.get("FLAGPOST_ELASTICSEARCH_USERNAME")
    at_kibana = here.get("FLAGPOST_KIBANA_USERNAME")
    if at_kibana:
        short = at_kibana.removeprefix("flagpost_")
        assert here["FLAGPOST_KIBANA_PASSWORD_FILE"] == f"/run/secrets/elasticsearch_{short}"
        assert short in ELASTICSEARCH_USERS
    if at_elasticsearch:
        short = at_elasticsearch.removeprefix("flagpost_")
        assert short in ELASTICSEARCH_USERS
        assert here["FLAGPOST_ELASTICSEARCH_PASSWORD_FILE"] == f"/run/secrets/elasticsearch_{short}"


def test_every_user_is_somebodys_and_every_right_of_a_service_is_given() -> None:
    signed_on = {environment(name)["FLAGPOST_KAFKA_USERNAME"] for name in OURS}
    assert signed_on == {*KAFKA_USERS, "admin"}
    assert {name for whose in KAFKA_USERS.values() for name in whose} == set(RIGHTS)
    roles = yaml.safe_load((ROOT / "deploy" / "elasticsearch" / "roles.yml").read_text("utf-8"))
    assert {role for given in ELASTICSEARCH_USERS.values() for role in given} == {*roles, "kibana_admin"}


def test_kafka_listens_where_it_is_asked_and_to_nobody_in_plain_text() -> None:
    bootstrap = environment("classify")["FLAGPOST_KAFKA_BOOTSTRAP"]
    assert f"advertised.listeners=SASL_SSL://{bootstrap}\n" in KAFKA
    (protocols,) = re.findall(r"^listener\.security\.protocol\.map=(.*)$", KAFKA, re.MULTILINE)
    assert {pair.split(":")[1] for pair in protocols.split(",")} == {"SASL_SSL"}
    assert "CONTROLLER://127.0.0.1:" in KAFKA, "no other may become a broker"
    assert "kafka-broker-api-versions.sh" in SERVICES["kafka"]["healthcheck"]["test"][1]
    assert bootstrap in SERVICES["kafka"]["healthcheck"]["test"][1]


def test_the_files_that_servers_are_told_of_are_mounted_there() -> None:
    assert set(re.findall(r"/run/secrets/[\w.]+", KAFKA)) <= set(secrets_of("kafka").values())
    assert set(re.findall(r"\$\{dir:/run/secrets:(\w+)\}", KAFKA)) <= set(secrets_of("kafka"))
    configuration = Path("/usr/share/elasticsearch/config")
    told = {str(configuration / ELASTICSEARCH["xpack.security.http.ssl"][one]) for one in ("key", "certificate")}
    assert told <= set(secrets_of("elasticsearch").values())
    told = set(re.findall(r"/usr/share/kibana/config/certs/[\w.]+", yaml.safe_dump(KIBANA_YML)))
    assert told == {target for target in secrets_of("kibana").values() if not target.startswith("/run")}


def test_kibana_is_told_every_variable_that_its_file_names_by_a_file_or_by_compose() -> None:
    named = set(re.findall(r"\$\{(\w+)\}", yaml.safe_dump(KIBANA_YML)))
    set_at_its_start = set(re.findall(r"(\w+)=\"\$\(cat", SERVICES["kibana"]["command"][2]))
    assert named == {*set_at_its_start, *environment("kibana")}
    assert not [name for name in environment("kibana") if name.endswith(("KEY", "PASSWORD"))]
    assert KIBANA_YML["elasticsearch.username"] == KIBANA[0]


def test_security_is_on_and_no_second_node_may_join() -> None:
    assert ELASTICSEARCH["xpack.security.enabled"]
    assert ELASTICSEARCH["xpack.security.http.ssl"]["enabled"]
    assert ELASTICSEARCH["transport.host"] == "127.0.0.1"
    assert ELASTICSEARCH["path.repo"] in {target for _, target, *_ in mounts("elasticsearch")}
    assert environment("index")["FLAGPOST_ELASTICSEARCH_URL"] == KIBANA_YML["elasticsearch.hosts"][0]


def _megabytes(one: dict[str, Any]) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w+)", one["resources"]["limits"]["memory"]).groups()  # type: ignore[union-attr]
    return int(number) * {"Gi": 1024, "g": 1024, "Mi": 1, "m": 1}[unit]
