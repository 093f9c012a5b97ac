"""An open loop: posts are sent when they are due, whatever became of those before, and each is followed to the search.

Latencies count from the moment at which a post was due. So a pipeline, or a sender, that falls behind can't hide it
(coordinated omission).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

import numpy as np
from kafka import KafkaConsumer, TopicPartition
from numpy.typing import NDArray

from pipeline.elasticsearch_client import connect
from pipeline.settings import Settings
from schemas.identity import document_id
from schemas.mapping import INDEX
from schemas.topics import FLAGGED
from tests.ledger import Ledger
from tests.performance.measure import Unbalanced
from tests.performance.rig import Rig, require_balance, wait_until_idle
from tests.performance.workload import Sample

LOOK_EVERY = 0.05
"""Seconds between two searches for what was flagged and not found yet."""

MOST_ASKED = 500
"""Ids in one search."""

FOUND_WITHIN = 30.0


@dataclass(frozen=True)
class Followed:
    """One row for each post that was flagged, in the order in which they were due: seconds since the loop began, and
    seconds from there until a consumer of `[flagged]` had it, and until a search found it. ``late`` is the worst lateness of
    the sender itself."""

    due: NDArray[np.float64]
    flagged: NDArray[np.float64]
    searchable: NDArray[np.float64]
    late: float


def follow(rig: Rig, posts: Sequence[Sample], due: NDArray[np.float64], warm_up: Sequence[Sample]) -> Followed:
    """Sends each of ``posts`` when it is ``due`` (seconds, rising) to one classify and one index worker.

    ``warm_up`` goes ahead and is not followed. Raises `Unbalanced`.
    """
    with rig.installation() as settings:
        ledger = Ledger(settings)
        with rig.workers(settings, "classify", "index"), ExitStack() as stack:
            for post in warm_up:
                post.send(ledger)
            ledger.flush()
            wait_until_idle(settings, 120 + len(warm_up))
            flagged = stack.enter_context(_FlaggedReader(settings))
            finder = stack.enter_context(_Finder(settings, flagged))
            begin = time.time() + 0.5
            late = send_when_due(ledger, posts, begin + due)
            wait_until_idle(settings, 120 + len(posts) / 25)
            finder.wait_until_all_found()
        require_balance(ledger, f"{len(posts)} posts in an open loop")
    rows = [
        (at, flagged.seen[post.id] - begin - at, finder.found[post.id] - begin - at)
        for post, at in zip(posts, due, strict=True)
        if post.id in finder.found
    ]
    columns = np.array(rows).reshape(-1, 3).T
    return Followed(columns[0], columns[1], columns[2], float(late))


def send_when_due(ledger: Ledger, posts: Sequence[Sample], due: NDArray[np.float64]) -> float:
    """Sends each post at its time of day, in seconds; returns the largest lateness in seconds."""
    late = 0.0
    for post, at in zip(posts, due, strict=True):
        ahead = at - time.time()
        if ahead > 0:
            time.sleep(ahead)
        late = max(late, -ahead)
        post.send(ledger)
    ledger.flush()
    return late


class _Loop:
    """A thread as a context; what stops it is said on leaving."""

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._fault: Exception | None = None
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._fault:
            raise self._fault

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._once()
        except Exception as fault:  # told on leaving
            self._fault = fault

    def _once(self) -> None:
        raise NotImplementedError


class _FlaggedReader(_Loop):
    """Reads `[flagged]` from now on and notes when it got each post."""

    def __init__(self, settings: Settings) -> None:
        name = settings.named(FLAGGED.name)
        self._consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap(), enable_auto_commit=False)
        partitions = [TopicPartition(name, number) for number in sorted(self._consumer.partitions_for_topic(name))]
        self._consumer.assign(partitions)
        for partition, end in self._consumer.end_offsets(partitions).items():
            self._consumer.seek(partition, end)
        self.seen: dict[str, float] = {}

    def _once(self) -> None:
        for records in self._consumer.poll(timeout_ms=100).values():
            now = time.time()
            for record in records:
                self.seen.setdefault(record.key.decode().partition(":")[2], now)

    def __exit__(self, *_: object) -> None:
        super().__exit__(*_)
        self._consumer.close()


class _Finder(_Loop):
    """Searches for flagged posts until each is found, and notes when."""

    def __init__(self, settings: Settings, flagged: _FlaggedReader) -> None:
        self._flagged = flagged
        self._client = connect(settings)
        self._index = settings.named(INDEX)
        self._posts: dict[str, str] = {}
        self.found: dict[str, float] = {}

    def _missing(self) -> list[str]:
        return [id for id in list(self._flagged.seen) if id not in self.found]

    def _once(self) -> None:
        begun = time.monotonic()
        if asked := {document_id("x", id): id for id in self._missing()[:MOST_ASKED]}:
            query = {"ids": {"values": list(asked)}}
            hits = self._client.search(index=self._index, query=query, size=len(asked), source=False)["hits"]["hits"]
            now = time.time()
            for hit in hits:
                self.found[asked[hit["_id"]]] = now
        self._stop.wait(max(0.0, LOOK_EVERY - (time.monotonic() - begun)))

    def wait_until_all_found(self) -> None:
        deadline = time.monotonic() + FOUND_WITHIN
        while missing := self._missing():
            if time.monotonic() > deadline:
                raise Unbalanced("an open loop", [f"{id} is flagged and was not found" for id in missing])
            time.sleep(LOOK_EVERY)

    def __exit__(self, *_: object) -> None:
        super().__exit__(*_)
        self._client.close()
