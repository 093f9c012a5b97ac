"""What the guides for operators tell them to type: names as flagpost, its manifests and its index have them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from pipeline.lag import group_of
from pipeline.settings import ROOT, Settings
from schemas import mapping
from schemas.topics import FLAGGED
from tests.unit.deploy.composition import WHOLE
from tests.unit.deploy.manifests import FOLDER, NIGHTLY, WORKLOADS, container, objects, shared_settings

RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
SCALING = (ROOT / "deploy" / "scaling.md").read_text("utf-8")
KUBERNETES = (FOLDER / "README.md").read_text("utf-8")


def test_while_the_index_is_rebuilt_searches_use_the_old_one_and_afterwards_the_new_one() -> None:
    bodies = [json.loads(body) for body in re.findall(r"-d '(\{\"actions.*?\})'", RUNBOOK, re.DOTALL)]
    new, old = f"{mapping.INDEX}-v1", f"{mapping.INDEX}-old"
    assert bodies == [
        {"actions": [{"remove_index": {"index": gone}}, {"add": {"index": there, "alias": mapping.INDEX, **read}}]}
        for read in [mapping.read_alias()]
        for gone, there in ((new, old), (old, new))
    ]


def test_the_reset_of_the_index_stage_says_all_that_kafka_wants_to_know() -> None:
    resets = re.findall(r"kafka-consumer-groups\.sh(.*?)\n +```", RUNBOOK, re.DOTALL)
    (reset,) = (one for one in resets if f"--group {group_of('index')}" in one and "--to-datetime" not in one)
    for words in (
        "--bootstrap-server",
        f"--group {group_of('index')}",
        f"--topic {FLAGGED.name}",
        "--reset-offsets",
        "--to-earliest",
        "--execute",
    ):
        assert words in reset


def test_every_secret_of_the_manifests_is_made_and_its_keys_are_listed() -> None:
    needed: dict[str, set[str]] = {}
    for workload in WORKLOADS + NIGHTLY:
        for entry in container(workload)["env"]:
            if reference := entry["valueFrom"].get("secretKeyRef"):
                needed.setdefault(reference["name"], set()).add(reference["key"])
        for entry in container(workload)["envFrom"]:
            if reference := entry.get("secretRef"):
                needed.setdefault(reference["name"], set())
    for authentication in objects("TriggerAuthentication"):
        for target in authentication["spec"]["secretTargetRef"]:
            needed.setdefault(target["name"], set()).add(target["key"])
    made = re.findall(r"create secret generic (\S+) --from-env-file", KUBERNETES)
    assert sorted(made) == sorted(needed)
    listed = {
        name: set(re.findall(r"`([^`]+)`", keys))
        for names, keys in re.findall(r"^\| (`flagpost.*?) \| (.*) \|$", KUBERNETES, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert listed == needed


def test_what_is_waited_for_after_the_manifests_are_applied_is_in_them() -> None:
    named = {f"{one['kind'].lower()}/{one['metadata']['name']}" for one in objects("Deployment", "Job")}
    assert set(re.findall(r"\b(?:job|deployment)/flagpost-[a-z-]+", KUBERNETES)) == named


def test_whoever_scales_is_given_the_right_to_see_the_lag_of_every_scaler() -> None:
    (told,) = re.findall(r"KEDA's needs to describe (.*?)\.", KUBERNETES, re.DOTALL)
    asked = [one["spec"]["triggers"][0]["metadata"] for one in objects("ScaledObject")]
    needed = {name for one in asked for name in (one["topic"], one["consumerGroup"])}
    assert set(re.findall(r"`([^`]+)`", told)) == needed


def test_all_that_are_scaled_are_stopped_before_partitions_are_added() -> None:
    (told,) = re.findall(r"annotate scaledobject (.*?) autoscaling", SCALING.replace("\n  ", ""), re.DOTALL)
    assert set(told.split()) == {one["metadata"]["name"] for one in objects("ScaledObject")}


def test_the_overlay_that_is_shown_sets_settings_of_the_pods(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", KUBERNETES, re.DOTALL)
    (merged,) = yaml.safe_load(block)["configMapGenerator"]
    said = dict(line.split("=", 1) for line in merged["literals"])
    for name, value in {**shared_settings(), **said}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert {name.removeprefix("FLAGPOST_").lower() for name in said} <= Settings().model_fields_set


def test_every_secret_of_compose_that_is_nobodys_password_at_a_server_has_a_way_to_be_renewed() -> None:
    section = RUNBOOK.partition("\n## Rotate secrets")[2]
    told = {
        "http_token": "the token of `ingest-http`",
        "links_secret": "the key of links",
        "heartbeat_url": "the dead-man's switch",
        "retain_heartbeat_url": "the dead-man's switch of `retain`",
        "kibana_": "Kibana's keys",
        "kafka_admin": "`kafka_admin`",
        "grafana_admin": "`grafana_admin`",
        "elasticsearch_": "an Elasticsearch password",
        "kafka_": "a Kafka user's password",
        "ca.crt": "the authority's certificate",
        "kafka.pem": "`kafka.crt`",
        "elasticsearch.": "`elasticsearch.crt`",
        "kibana.": "`kibana.crt`",
    }
    for name in WHOLE["secrets"]:
        begins = [start for start in told if name.startswith(start)]
        assert begins, name
        assert all(told[start] in section for start in begins)
