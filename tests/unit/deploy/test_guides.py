"""What the guides for operators tell them to type: names as flagpost, its manifests and its index have them."""

from __future__ import annotations

import json
import re

from pipeline.lag import group_of
from pipeline.settings import ROOT
from schemas import mapping
from schemas.topics import FLAGGED
from tests.unit.deploy.manifests import FOLDER, NIGHTLY, WORKLOADS, container, objects

RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
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
