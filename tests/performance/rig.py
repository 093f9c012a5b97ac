"""What a benchmark stands on: the local servers, installations in them, and real workers with the shipped settings."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.stack import Stack
from pipeline.done import MARKED, UNTIL_SEARCHABLE
from pipeline.offsets import OffsetReader
from pipeline.settings import Settings, load_settings
from pipeline.setup.elasticsearch import setup_elasticsearch
from pipeline.setup.topics import setup_topics
from pipeline.status import read_lags
from tests.ledger import Ledger
from tests.performance.measure import Unbalanced
from tests.performance.watch import Watch
from tests.performance.workload import Sample
from tests.servers import installation
from tests.worker_processes import WorkerProcesses

LOOK_EVERY = 1.0
"""Seconds between two looks at the lags: seldom enough to cost nothing that is measured."""


@dataclass
class Rig:
    """``sizes`` is `tests.performance.sizes`' choice; every installation has a home of its own in ``folder``."""

    stack: Stack
    folder: Path
    _homes: int = field(default=0, init=False)

    @contextmanager
    def installation(self, partitions: int | None = None) -> Iterator[Settings]:
        """Fresh topics and a fresh index in the running servers; taken away at the end."""
        self._homes += 1
        with installation(self.stack, self.folder / f"home-{self._homes}") as plain:
            settings = plain.model_copy(update={"kafka_partitions": partitions})
            list(setup_topics(settings))
            list(setup_elasticsearch(settings))
            yield settings

    @contextmanager
    def workers(self, settings: Settings, *stages: str, threads: int = 0, **extra: str) -> Iterator[Watch]:
        """Real workers, watched. ``threads`` 0 is what ships: as many as there are cores. ``extra`` goes to their
        environment."""
        names = str(Path(__file__).parent / "thread_names")
        with (
            WorkerProcesses(
                settings, *stages, FLAGPOST_INFERENCE_THREADS=str(threads), PYTHONPATH=names, **extra
            ) as processes,
            Watch(settings, self.stack) as watch,
        ):
            processes.wait_until_up()
            yield watch


def filled(settings: Settings, posts: Sequence[Sample]) -> Ledger:
    """A ledger with all of ``posts`` sent and acknowledged: a backlog."""
    ledger = Ledger(settings)
    for post in posts:
        post.send(ledger)
    ledger.flush()
    return ledger


def wait_until_idle(settings: Settings, seconds: float, stages: Sequence[str] = UNTIL_SEARCHABLE) -> None:
    """Returns when ``stages`` have nothing to do: all posts sent can be searched. Raises `Unbalanced` after ``seconds``."""
    deadline = time.monotonic() + seconds
    marked = {settings.named(topic.name) for topic in MARKED}
    with OffsetReader(settings) as reader:
        while True:
            lags = [
                f"{lag.stage} has {lag.lag} to do"
                for lag in read_lags(reader, settings)[1]
                if lag.lag and lag.stage in stages and lag.topic not in marked
            ]
            if not lags:
                return
            if time.monotonic() > deadline:
                raise Unbalanced(f"not done within {seconds:g} s", lags)
            time.sleep(LOOK_EVERY)


def require_balance(ledger: Ledger, what: str) -> None:
    """Raises `Unbalanced` where what is there differs from what must be there."""
    if wrong := ledger.differences():
        raise Unbalanced(what, wrong)


def forget_outer_settings() -> None:
    """Benchmarks measure what ships: settings of this shell don't count."""
    for name in list(os.environ):
        if name.startswith("FLAGPOST_"):
            del os.environ[name]
    load_settings.cache_clear()


def said(words: str) -> None:
    """Tells the person who waits what goes on; figures go to stdout."""
    print(f"{time.strftime('%H:%M:%S')}  {words}", file=sys.stderr, flush=True)
