"""The whole pipeline on a backlog: both local servers, classify and index workers, all on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.performance.rig import Rig, filled, require_balance, wait_until_idle
from tests.performance.timeline import WARM, Timeline, timeline
from tests.performance.watch import Watch
from tests.performance.workload import Sample

LEAST_RATE = 25
"""Posts a second below which a run is given up."""


@dataclass(frozen=True)
class Run:
    """A backlog that was worked off, its ledger balanced."""

    timeline: Timeline
    watch: Watch

    @property
    def rate(self) -> float:
        return self.timeline.rate()

    @property
    def steady(self) -> tuple[float, float]:
        """From where measuring begins to where the last post was classified."""
        return self.timeline.at(WARM)[0], self.timeline.steps[-1][0]

    @property
    def inference_share(self) -> float:
        return self.watch.inference_share(*self.steady)

    @property
    def network_share(self) -> float:
        return self.watch.network_share(*self.steady)

    def cpu_by_process(self) -> dict[str, float]:
        """CPU microseconds that a post costs each process."""
        spent, seconds = self.watch.cpu_seconds(*self.steady)
        posts = self.timeline.rate_between(WARM, 1.0) * seconds
        return {name: 1e6 * cpu / posts for name, cpu in spent.items()}

    def cpu_by_thread(self) -> dict[str, float]:
        """CPU microseconds that a post costs each kind of thread of the classify worker."""
        spent = self.watch.threads_of_classify(*self.steady)
        _, seconds = self.watch.cpu_seconds(*self.steady)
        posts = self.timeline.rate_between(WARM, 1.0) * seconds
        return {name: 1e6 * cpu / posts for name, cpu in spent.items()}


def run(
    rig: Rig, posts: Sequence[Sample], partitions: int | None = None, classifiers: int = 1, threads: int = 0
) -> Run:
    """Sends ``posts``, then starts the workers. Raises `Unbalanced` when the ledger does not balance afterwards."""
    with rig.installation(partitions) as settings:
        ledger = filled(settings, posts)
        with rig.workers(settings, *["classify"] * classifiers, "index", threads=threads) as watch:
            wait_until_idle(settings, 60 + len(posts) / LEAST_RATE)
        require_balance(ledger, f"a backlog of {len(posts)} posts")
        return Run(timeline(settings), watch)
