"""deploy/kubernetes: valid for Kubernetes and KEDA, safe by default, one image. See test_kubernetes_settings.py too."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from pipeline.lag import READERS
from pipeline.settings import ROOT
from pipeline.supervisor import STAGES
from tests.unit.deploy.manifests import (
    DOCKERFILE,
    FOLDER,
    KUSTOMIZATION,
    NIGHTLY,
    WORKLOADS,
    Object,
    component,
    container,
    every_object,
    every_workload,
    named,
    objects,
    pod,
    template,
)

ENDPOINTS = {"ingest-http": ["ingest-http"], "alerts-serve": ["alerts", "serve"]}
"""What listens for requests, and the command that does."""

OLDEST, NEWEST = "1.30", "1.37"
"""Versions of Kubernetes: the first where `preStop.sleep` is on by default, and the last with a schema here."""


@every_object
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field(one: Object, version: str) -> None:
    if one["apiVersion"].startswith("keda.sh/"):
        schema = json.loads(Path(__file__).with_name("keda.schema.json").read_text("utf-8"))
        jsonschema.Draft202012Validator(schema).validate(one)
    else:
        assert kubernetes_validate.validate(one, version, strict=True) == version


def test_every_manifest_is_applied() -> None:
    manifests = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(KUSTOMIZATION["resources"]) == sorted(manifests)


def test_each_stage_has_a_deployment_and_a_budget_and_a_scaler_where_more_workers_help() -> None:
    deployments = {one["metadata"]["name"] for one in objects("Deployment")}
    assert deployments == {f"flagpost-{name}" for name in (*STAGES, *ENDPOINTS)}
    scaled = {f"flagpost-{stage}" for stage in STAGES if READERS[stage][0].partitions > 1}
    assert {one["spec"]["scaleTargetRef"]["name"] for one in objects("ScaledObject")} == scaled
    assert {one["metadata"]["name"] for one in objects("PodDisruptionBudget")} == deployments


def test_all_run_one_image_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    (image,) = KUSTOMIZATION["images"]
    assert {container(one)["image"] for one in WORKLOADS + NIGHTLY} == {image["name"]}
    assert image["newTag"] == version


@every_workload
def test_a_container_runs_what_its_name_says(one: Object) -> None:
    name = component(one)
    assert one["metadata"]["name"] == f"flagpost-{name}"
    assert container(one)["name"] == name
    assert container(one)["args"] == (["worker", name] if name in STAGES else ENDPOINTS.get(name, [name]))


@every_workload
def test_a_container_has_no_rights_that_it_does_not_need(one: Object) -> None:
    spec, security = pod(one), container(one)["securityContext"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_two_runs_of_retain_never_go_on_at_once_and_one_that_hangs_ends_before_the_next() -> None:
    (nightly,) = (one["spec"] for one in NIGHTLY)
    assert (nightly["concurrencyPolicy"], nightly["schedule"]) == ("Forbid", "30 3 * * *")
    job = nightly["jobTemplate"]["spec"]
    assert (job["backoffLimit"] + 1) * job["activeDeadlineSeconds"] < 24 * 3600


@every_workload
def test_a_services_variables_do_not_become_settings(one: Object) -> None:
    assert pod(one)["enableServiceLinks"] is False


@every_workload
def test_the_user_is_the_images(one: Object) -> None:
    security = pod(one)["securityContext"]
    assert f"USER {security['runAsUser']}:{security['runAsGroup']}\n" in DOCKERFILE


@every_workload
def test_memory_is_asked_for_and_bounded(one: Object) -> None:
    resources = container(one)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert "memory" in resources["limits"]


@pytest.mark.parametrize("one", objects("Deployment", "Service", "PodDisruptionBudget"), ids=named)
def test_selectors_match_the_pods_of_their_name(one: Object) -> None:
    selector = one["spec"]["selector"]
    selector = selector.get("matchLabels", selector)
    matched = [
        other["metadata"]["name"]
        for other in WORKLOADS + NIGHTLY
        if selector.items() <= template(other)["metadata"]["labels"].items()
    ]
    assert matched == [one["metadata"]["name"]]


def test_the_image_is_installed_by_hash_and_is_made_of_what_the_wheel_needs() -> None:
    for lock in ("build", "base"):
        assert re.search(rf"--require-hashes -r /src/requirements/{lock}\.txt", DOCKERFILE)
    let_in = set(
        re.findall(r"^!(\S+)$", (ROOT / "deploy" / "Dockerfile.dockerignore").read_text("utf-8"), re.MULTILINE)
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    licences = {pattern.split("/")[0] for pattern in project["project"]["license-files"]}
    assert let_in == {*packages, *licences, project["project"]["readme"], "pyproject.toml", "requirements"}
    assert all((ROOT / name).exists() for name in let_in)
