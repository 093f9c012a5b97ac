"""A worker with the environment that deploy/compose.yaml gives it: it judges, and a Prometheus finds its figures."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.integration.compose.conftest import Composed
from tests.unit.deploy.composition import SERVICES, environment
from tests.unit.deploy.exported import TARGET, exported
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def worker(composed: Composed, tmp_path: Path) -> Iterator[Path]:
    """The run file of a classify worker that signed on as compose.yaml says, and has begun."""
    home = tmp_path / "home"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *SERVICES["classify"]["command"]],
            env=variables("classify", composed, home),
            stdin=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        wait_for(lambda: list(home.glob("workers/classify-*.json")), "the worker has begun")
        yield next(home.glob("workers/classify-*.json"))
    finally:
        process.terminate()
        process.wait(30)


def variables(name: str, composed: Composed, home: Path) -> dict[str, str]:
    """Of the service ``name``, but for where things lie: secrets, Kafka, and a port of its own on this machine alone."""
    here = {"/run/secrets": str(composed.secrets), "kafka:9093": composed.bootstrap, "0.0.0.0": "127.0.0.1"}
    given = dict(environment(name))
    given.pop("FLAGPOST_MODEL", None)
    for there, value in here.items():
        given = {variable: one.replace(there, value) for variable, one in given.items()}
    ours = {variable: value for variable, value in os.environ.items() if not variable.startswith("FLAGPOST_")}
    return {
        **ours,
        **given,
        "FLAGPOST_HOME": str(home),
        "FLAGPOST_METRICS_PORT": "0",
        "FLAGPOST_INFERENCE_THREADS": "1",
    }


def test_posts_that_come_in_are_judged_and_counted(composed: Composed, worker: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    texts = ["man with a knife on Harbour Road, people are running", "lovely sunset over the pier tonight"]
    posts.write_text(
        "".join(
            json.dumps({"source": "x", "id": str(number), "text": text, "created_at": "2026-08-15T10:00:00Z"}) + "\n"
            for number, text in enumerate(texts)
        )
    )
    sent = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "ingest", str(posts)],
        env=variables("ingest-http", composed, tmp_path / "ingest"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert sent.returncode == 0, sent.stderr
    wait_for(lambda: judged(worker) >= len(texts), "both posts are judged")
    wait_for(lambda: "flagpost_lag" in page(worker), "it has asked for its lag")
    found = page(worker)
    known = asyncio.run(exported())
    promised = {name: labels - TARGET for name, labels in known.items() if name.startswith("flagpost_")}
    not_now = {
        name for name in promised if name.startswith(("flagpost_pages", "flagpost_heartbeat", "flagpost_retries"))
    }
    assert promised.keys() - not_now <= found.keys()
    assert {name: labels for name, labels in found.items() if labels != promised.get(name, labels)} == {}


def page(worker: Path) -> dict[str, frozenset[str]]:
    """Series of the worker's /metrics, with their labels."""
    return {sample.name: frozenset(sample.labels) for sample in samples(worker)}


def judged(worker: Path) -> float:
    return sum(sample.value for sample in samples(worker) if sample.name == "flagpost_verdicts_total")


def samples(worker: Path) -> list[Sample]:
    url = json.loads(worker.read_bytes())["url"]
    with urllib.request.urlopen(f"{url}/metrics", timeout=PATIENCE) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return [sample for family in families for sample in family.samples]
