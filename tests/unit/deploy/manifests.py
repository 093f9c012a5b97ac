"""The manifests of deploy/kubernetes as they lie there, and what a container of them would read as its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.settings import ROOT, Settings

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")

Object = dict[str, Any]

_OBJECTS: list[Object] = [
    one for name in KUSTOMIZATION["resources"] for one in yaml.safe_load_all((FOLDER / name).read_text("utf-8"))
]


def objects(*kinds: str) -> list[Object]:
    """Those of ``kinds``, or all."""
    return [one for one in _OBJECTS if not kinds or one["kind"] in kinds]


def named(one: Object) -> str:
    return f"{one['kind']}-{one['metadata']['name']}"


WORKLOADS = objects("Deployment", "Job")
NIGHTLY = objects("CronJob")
every_object = pytest.mark.parametrize("one", objects(), ids=named)
every_workload = pytest.mark.parametrize("one", WORKLOADS + NIGHTLY, ids=named)
every_deployment = pytest.mark.parametrize("one", objects("Deployment"), ids=named)
every_scaler = pytest.mark.parametrize("one", objects("ScaledObject"), ids=named)


def template(workload: Object) -> Object:
    """What its pods are made from."""
    spec = workload["spec"]["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else workload["spec"]
    found: Object = spec["template"]
    return found


def pod(workload: Object) -> Object:
    spec: Object = template(workload)["spec"]
    return spec


def container(workload: Object) -> Object:
    """Its only one."""
    (only,) = pod(workload)["containers"]
    return dict(only)


def component(workload: Object) -> str:
    return str(template(workload)["metadata"]["labels"]["app.kubernetes.io/component"])


def shared_settings() -> dict[str, str]:
    """The variables that every container gets."""
    lines = (FOLDER / "settings.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def settings_of(workload: Object, monkeypatch: pytest.MonkeyPatch, empty_folder: Path) -> Settings:
    """As its container would read them. A secret's value is the name of its key; cores are those it asks for."""
    found = container(workload)
    values = shared_settings()
    for entry in found["env"]:
        source = entry["valueFrom"]
        values[entry["name"]] = (
            _secret(source["secretKeyRef"]["key"])
            if "secretKeyRef" in source
            else found["resources"]["requests"]["cpu"]
        )
    monkeypatch.chdir(empty_folder)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings()


def _secret(key: str) -> str:
    """A value for a secret: the name of its key; of an address, one."""
    return f"https://{key}.example" if key.endswith("-url") else key
