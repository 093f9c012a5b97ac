"""The nightly round: what has been kept for long enough goes, and what is held stays.

In this order: holds are looked after; items whose post came in once more count from then; items, alerts and audit lines
that are over go, and at last tombstones that nothing needs any more. Every step stands on its own and may be cut off
anywhere: what is left to do is found again by the next run. What is about to go is written to `[audit]` first, and nothing
goes where this machine's clock is ahead of Kafka's.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from elasticsearch import Elasticsearch
from msgspec import Struct

from pipeline.audit import ITSELF, audited, record
from pipeline.elasticsearch_client import explained
from pipeline.retention import tombstones
from pipeline.retention.age import Ages, alerts_over, audit_over, items_over, tombstones_from_before
from pipeline.retention.agreement import disagreements
from pipeline.retention.clocks import require_not_ahead
from pipeline.retention.hold_book import HoldBook
from pipeline.retention.holds import in_force
from pipeline.retention.purge import Found, Purged, Spared, Throttle, find, purge
from pipeline.retention.repeats import Repeats
from pipeline.retention.tend import Tended, tend
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.mapping import ALERTS, AUDIT, ITEMS, Index

Query = Mapping[str, Any]


class Step(Struct, frozen=True, kw_only=True):
    """What one step did, or would do."""

    what: str
    before: dt.datetime
    """What is older than this was looked for."""
    found: int
    deleted: int = 0
    spared: int = 0
    """Of the items those that are held or count from a repeat, of the tombstones those that a topic may still need."""
    changed: int = 0
    """Were written meanwhile, and left."""


class Round(Tended, kw_only=True):
    """What a run did, or would do."""

    dry_run: bool
    at: dt.datetime
    repeated: int
    """Items that count from a repeat of their post from now on (`pipeline.retention.repeats`)."""
    disagreements: dict[str, str]
    """Topic → how its retention does not fit that of the documents."""
    steps: list[Step] = msgspec.field(default_factory=list)


class Retention:
    """One run, on one cluster."""

    def __init__(
        self,
        settings: Settings,
        client: Elasticsearch,
        now: dt.datetime,
        dry_run: bool = False,
        by: str = ITSELF,
        throttle: Throttle | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``by`` is who asked for it; ``now`` is the moment that it begins."""
        self._settings = settings
        self._client = client
        self._now = now
        self._dry_run = dry_run
        self._by = by
        self._throttle = throttle or Throttle(settings.retain_rate)
        self._ages = Ages.of(settings)
        self._book = HoldBook(settings)
        self._monotonic = monotonic
        self._began = monotonic()
        self._repeats = Repeats(settings, client, now)

    def run(self, told: Callable[[Step], None] = lambda _step: None) -> Round:
        """Does all of it; ``told`` hears of each step when it is done.

        Raises what its parts raise: `NotSetUp`, `KafkaUnavailable`, `ElasticsearchUnavailable`, `AccessRefused`,
        `StageHalted`. What was done before stays done.
        """
        tended = tend(self._settings, self._client, self._book, self._now, self._by, self._dry_run)
        repeated = self._repeats.take(self._by, self._dry_run)
        done = Round(
            **msgspec.structs.asdict(tended),
            dry_run=self._dry_run,
            at=self._now,
            repeated=repeated,
            disagreements=disagreements(self._settings),
        )
        for step in self._steps():
            done.steps.append(step)
            told(step)
        return done

    # Steps

    def _steps(self) -> Iterator[Step]:
        ages, now = self._ages, self._now
        yield self._purge("items", ITEMS, now - ages.items, items_over(ages, now), self._kept)
        yield self._purge("alerts", ALERTS, now - ages.alerts, alerts_over(ages, now))
        yield self._purge("audit lines", AUDIT, now - ages.audit, audit_over(ages, now))
        yield self._tombstones()

    def _purge(
        self, what: str, index: Index, before: dt.datetime, query: Query, spared: Spared = lambda _found: ()
    ) -> Step:
        alias = index.write_alias
        if not self._dry_run:
            if not (due := self._count(alias, query)):
                return _step(what, before, Purged())  # what comes this moment would go without a line
            self._record_that(what, index, before, due)
        done = purge(self._client, self._settings, alias, query, spared, self._throttle, self._dry_run)
        return _step(what, before, done)

    def _tombstones(self) -> Step:
        """Names are looked for once, for all that come into question."""
        before = tombstones.from_before(self._settings, self._now)
        query = tombstones_from_before(before)
        pages = find(self._client, self._settings, ITEMS.write_alias, query)
        uids = {one.id: one.uid for page in pages for one in page}
        named = tombstones.still_named(self._settings, set(uids.values())) if uids else set()
        free = unneeded(uids, named)
        if free and not self._dry_run:
            self._record_that("tombstones", ITEMS, before, len(free))

        def needed(page: Sequence[Found]) -> Collection[str]:
            return {one.id for one in page if one.id not in free}

        done = purge(self._client, self._settings, ITEMS.write_alias, query, needed, self._throttle, self._dry_run)
        return _step("tombstones", before, done)

    def _kept(self, page: Sequence[Found]) -> Collection[str]:
        """Looked up anew for each page: somebody may hold an item while others go, or its post may come in once more."""
        return self._repeats.stay(page) | held_of(page, self._book.look(), self._now)

    def _elapsed(self) -> dt.timedelta:
        """Since ``now``: an hour of reading makes no clock right that is an hour ahead."""
        return dt.timedelta(seconds=self._monotonic() - self._began)

    def _count(self, alias: str, query: Query) -> int:
        with explained(self._settings):
            return int(self._client.count(index=self._settings.named(alias), query=dict(query))["count"])

    def _record_that(self, what: str, index: Index, before: dt.datetime, due: int) -> None:
        detail = {"what": what, "before": str(before), "due": str(due)}
        line = audited("documents-expired", index.alias, self._now, self._by, **detail)
        taken_in = record(self._settings, line)
        require_not_ahead(self._now + self._elapsed(), taken_in)


def held_of(page: Sequence[Found], holds: Mapping[str, Hold], now: dt.datetime) -> set[str]:
    """Those ``_id`` of ``page`` that are held ``now``. Pure."""
    uids = in_force(holds, now)
    return {one.id for one in page if one.uid in uids}


def unneeded(uids: Mapping[str, str], named: Collection[str]) -> set[str]:
    """Those ``_id`` of ``uids`` whose uid no topic names. Pure."""
    return {id for id, uid in uids.items() if uid and uid not in named}


def _step(what: str, before: dt.datetime, done: Purged) -> Step:
    return Step(
        what=what, before=before, found=done.found, deleted=done.deleted, spared=done.spared, changed=done.changed
    )
