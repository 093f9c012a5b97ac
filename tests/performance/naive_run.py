"""Runs the naive baseline on a backlog, as flagpost is run, and measures it alike."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.elasticsearch_client import connect
from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from tests.performance.measure import Unbalanced
from tests.performance.rig import LOOK_EVERY, Rig, filled
from tests.performance.timeline import WARM
from tests.performance.workload import ROOT, Sample

PYTHON = ROOT / ".venv-train" / "bin" / "python"
START_WITHIN = 120.0
LEAST_RATE = 2


def is_there() -> bool:
    """Whether the training's environment is: the baseline needs torch and transformers."""
    return PYTHON.exists()


def make_model(folder: Path) -> Path:
    """The baseline's model, made anew."""
    subprocess.run(
        [PYTHON, "-m", "tests.performance.naive_model", folder], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return folder


def naive_rate(rig: Rig, posts: Sequence[Sample], model: Path, threads: int | None = None) -> float:
    """Posts a second, from a tenth of the documents to the last. Raises `Unbalanced` when not all posts were taken.

    ``threads`` are PyTorch's; its default is one a core, which wait for each other by turning round in a loop: where another
    process wants a core, that costs many times what a single thread does.

    What became of chatter the baseline tells nobody, so posts are counted by documents: those stored a second, times the
    posts that there are for each.
    """
    with rig.installation() as settings:
        filled(settings, posts)
        group, index = settings.named("naive"), settings.named("naive")
        environment = {
            **os.environ,
            "NAIVE_KAFKA": settings.bootstrap(),
            "NAIVE_ELASTICSEARCH": settings.elasticsearch(),
            "NAIVE_TOPIC": settings.named("posts"),
            "NAIVE_GROUP": group,
            "NAIVE_INDEX": index,
            "NAIVE_MODEL": str(model),
            "NAIVE_DATA": str(settings.home / "faust-naive"),
        }
        if threads:
            environment["OMP_NUM_THREADS"] = str(threads)
        log = settings.home / "naive.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            worker = subprocess.Popen(
                [PYTHON, "-m", "faust", "--quiet", "-A", "tests.performance.naive", "worker", "--without-web"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        try:
            _wait_until_all_are_taken(settings, group, len(posts), worker, log)
        finally:
            worker.terminate()
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
        return _rate(settings, index, len(posts))


def _wait_until_all_are_taken(
    settings: Settings, group: str, posts: int, worker: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + START_WITHIN + posts / LEAST_RATE
    with OffsetReader(settings) as reader:
        while True:
            committed = reader.committed([group])[group].get(settings.named("posts"), {})
            taken = sum(committed.values())
            if taken == posts:
                return
            if time.monotonic() > deadline or worker.poll() is not None:
                raise Unbalanced("the naive baseline", [f"{taken} of {posts} posts taken: {log.read_text()[-500:]}"])
            time.sleep(LOOK_EVERY)


def _rate(settings: Settings, index: str, posts: int) -> float:
    with connect(settings) as client:
        client.indices.refresh(index=index)
        documents = int(client.count(index=index)["count"])
        warm = int(WARM * documents)
        if documents - warm < 2:
            raise Unbalanced("the naive baseline", [f"{documents} documents of {posts} posts"])
        first, last = (
            client.search(index=index, sort={"judged_at": order}, from_=place, size=1)["hits"]["hits"][0]["sort"][0]
            / 1000
            for order, place in (("asc", warm), ("desc", 0))
        )
    return float((documents - 1 - warm) / (last - first) * posts / documents)
