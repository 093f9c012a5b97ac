"""What the guides for operators tell them to type: names as flagpost, its manifests and its index have them."""

from __future__ import annotations

import json
import re

from pipeline.lag import group_of
from pipeline.settings import ROOT
from schemas import mapping
from schemas.topics import FLAGGED
from tests.unit.deploy.manifests import FOLDER, WORKLOADS, container, objects

RUNBOOK = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
KUBERNETES = (FOLDER / "README.md").read_text("utf-8")


def test_a_rebuilt_index_gets_the_aliases_that_setup_would_give_it() -> None:
    bodies = [json.loads(body) for body in re.findall(r"-d '(\{.*?\})'", RUNBOOK, re.DOTALL)]
    added = {
        alias.pop("alias"): alias for body in bodies for alias in (action["add"] for action in body["actions"][1:])
    }
    removed = {one["remove"]["alias"]: one["remove"]["index"] for body in bodies for one in body["actions"][:1]}
    assert added == {
        mapping.WRITE_ALIAS: {"index": f"{mapping.INDEX}-v2", "is_write_index": True},
        mapping.INDEX: {"index": f"{mapping.INDEX}-v2", **mapping.read_alias()},
    }
    assert removed == dict.fromkeys(added, f"{mapping.INDEX}-v1")


def test_the_reset_of_the_index_stage_says_all_that_kafka_wants_to_know() -> None:
    (reset,) = re.findall(r"kafka-consumer-groups\.sh(.*?)\n +```", RUNBOOK, re.DOTALL)
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
    for workload in WORKLOADS:
        for entry in container(workload)["env"]:
            if reference := entry["valueFrom"].get("secretKeyRef"):
                needed.setdefault(reference["name"], set()).add(reference["key"])
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
