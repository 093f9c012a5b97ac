"""deploy/kubernetes agrees with the settings, the topics, the health server and itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.lag import READERS, group_of
from pipeline.settings import OTHERS, Settings
from pipeline.supervisor import GRACE, STAGES
from tests.unit.deploy.manifests import (
    DOCKERFILE,
    Object,
    component,
    container,
    every_deployment,
    every_scaler,
    every_workload,
    objects,
    pod,
    settings_of,
    shared_settings,
)


@every_workload
def test_every_variable_is_a_setting(one: Object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = [*shared_settings(), *(entry["name"] for entry in container(one)["env"])]
    assert sorted(set(names)) == sorted(names)
    assert {name.removeprefix("FLAGPOST_").lower() for name in names} <= set(Settings.model_fields)
    assert not [name for name in names if name.startswith(OTHERS)]
    settings = settings_of(one, monkeypatch, tmp_path)
    assert settings.kafka_password is not None
    assert settings.kafka_password.get_secret_value() == "kafka-password"


@every_workload
def test_elasticsearch_is_reached_by_those_alone_that_know_its_password(one: Object) -> None:
    (policy,) = (one for one in objects("NetworkPolicy") if one["metadata"]["name"] == "flagpost-to-elasticsearch")
    (allowed,) = policy["spec"]["podSelector"]["matchExpressions"]
    knows = any(entry["name"] == "FLAGPOST_ELASTICSEARCH_PASSWORD" for entry in container(one)["env"])
    assert knows == (component(one) in allowed["values"])


def test_what_leaves_goes_to_dns_kafka_and_elasticsearch_alone_but_for_pages_and_switches() -> None:
    settings = shared_settings()
    policies = {one["metadata"]["name"]: one["spec"] for one in objects("NetworkPolicy")}
    ports = {
        name: {port["port"] for rule in spec.get("egress", []) for port in rule["ports"]}
        for name, spec in policies.items()
    }
    assert policies["flagpost-default"]["podSelector"] == {}
    assert set(policies["flagpost-default"]["policyTypes"]) == {"Ingress", "Egress"}
    assert {name: found for name, found in ports.items() if found} == {
        "flagpost-default": {53},
        "flagpost-to-kafka": {int(settings["FLAGPOST_KAFKA_BOOTSTRAP"].rpartition(":")[2])},
        "flagpost-to-elasticsearch": {int(settings["FLAGPOST_ELASTICSEARCH_URL"].rpartition(":")[2])},
        "flagpost-to-outside": {443},
    }
    (outside,) = policies["flagpost-to-outside"]["podSelector"]["matchExpressions"]
    assert outside == {"key": "app.kubernetes.io/component", "operator": "In", "values": ["page", "retain"]}


@every_deployment
def test_probes_ask_a_port_that_the_process_listens_on(
    one: Object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = container(one)
    settings = settings_of(one, monkeypatch, tmp_path)
    stage = component(one) in STAGES
    (port,) = found["ports"]
    endpoint = {
        "ingest-http": (settings.http_host, settings.http_port),
        "alerts-serve": (settings.alerts_host, settings.alerts_port),
    }
    listens = (settings.metrics_host, settings.metrics_port) if stage else endpoint[component(one)]
    assert listens == ("0.0.0.0", port["containerPort"])
    ready = {"httpGet": {"path": "/healthz", "port": port["name"]}}
    if component(one) == "alerts-serve":  # its own page must tell people that it is not well, not a proxy's
        ready = {"tcpSocket": {"port": port["name"]}}
    assert ready.items() <= found["readinessProbe"].items()
    alive = found["livenessProbe"]
    assert (alive.get("httpGet") or alive["tcpSocket"])["port"] == port["name"]
    # /healthz is not well while a stage is paused or Kafka is away: no reason to start the container again.
    assert alive.get("httpGet", {}).get("path") != "/healthz"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_keeps_its_journal_and_its_pause_and_has_time_to_end(
    stage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (one,) = (one for one in objects("Deployment") if component(one) == stage)
    home = str(settings_of(one, monkeypatch, tmp_path).home)
    volumes = {volume["name"]: volume for volume in pod(one)["volumes"]}
    mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in container(one)["volumeMounts"]}
    assert "emptyDir" in mounted[home]
    assert f"FLAGPOST_HOME={home} " in DOCKERFILE
    assert pod(one)["terminationGracePeriodSeconds"] > GRACE
    # A scaler owns the number where more workers help; else it is one, and the manifest says so.
    assert one["spec"].get("replicas") == (None if READERS[stage][0].partitions > 1 else 1)


@every_scaler
def test_lag_is_that_of_the_stage(one: Object) -> None:
    stage = one["spec"]["scaleTargetRef"]["name"].removeprefix("flagpost-")
    (trigger,) = one["spec"]["triggers"]
    topic = READERS[stage][0]
    assert trigger["metadata"]["topic"] == topic.name
    assert trigger["metadata"]["consumerGroup"] == group_of(stage)
    assert one["spec"]["maxReplicaCount"] == topic.partitions
    assert trigger["metadata"]["offsetResetPolicy"] == "earliest"


@every_scaler
def test_keda_reaches_kafka_as_the_pods_do(one: Object) -> None:
    settings = shared_settings()
    (trigger,) = one["spec"]["triggers"]
    (login,) = objects("TriggerAuthentication")
    assert trigger["metadata"]["bootstrapServersFromEnv"] in settings
    assert trigger["authenticationRef"]["name"] == login["metadata"]["name"]
    mechanism = settings["FLAGPOST_KAFKA_SASL_MECHANISM"].replace("SCRAM-SHA-", "scram_sha")
    assert settings["FLAGPOST_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == (mechanism, "enable")
    given = {target["parameter"] for targets in login["spec"].values() for target in targets}
    assert given == {"username", "password", "ca"}
