"""`flagpost ingest` alone: a file of JSON lines → Kafka."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from tests.performance.measure import Figure, Unbalanced
from tests.performance.rig import Rig
from tests.performance.sizes import Sizes
from tests.performance.workload import draw
from tests.worker_processes import environment

NAME = "ingest"


def ingest(rig: Rig, sizes: Sizes) -> list[Figure]:
    """Lines a second, acknowledged by Kafka, as the command itself tells."""
    file = rig.folder / "posts.jsonl"
    with file.open("w", encoding="utf-8") as output:
        for post in draw(sizes.ingest, seed=50):
            row = {"source": "x", "id": post.id, "text": post.text, "created_at": "2026-08-15T10:00:00Z", **post.fields}
            output.write(json.dumps(row) + "\n")
    rates = [_once(rig, file, sizes.ingest) for _ in range(sizes.rounds)]
    return [
        Figure(benchmark=NAME, name="ingest", unit="posts/s", rounds=rates, note="the start of the process left out")
    ]


def _once(rig: Rig, file: Path, lines: int) -> float:
    with rig.installation() as settings:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "ingest", file, "--json"],
            env=environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        summary = json.loads(done.stdout)
        if (held := _held(settings)) != lines:
            raise Unbalanced("ingest", [f"{lines} lines in the file, {held} records in [posts]"])
        return lines / float(summary["seconds"])


def _held(settings: Settings) -> int:
    name = settings.named("posts")
    with OffsetReader(settings) as reader:
        return reader.offsets([name])[name].messages
