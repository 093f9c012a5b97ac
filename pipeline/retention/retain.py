"""The nightly round: what has been kept for long enough goes, and what is held stays.

In this order: holds that have lapsed are released; held items that the index lacks are given back; then items, alerts and
audit lines that are over go, and at last tombstones that nothing needs any more. Every step stands on its own and may be
cut off anywhere: what is left to do is found again by the next run. What is about to go is written to `[audit]` first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from elasticsearch import Elasticsearch
from msgspec import Struct

from pipeline.audit import ITSELF, audited, record
from pipeline.elasticsearch_client import explained
from pipeline.message import Outgoing
from pipeline.retention import tombstones
from pipeline.retention.age import Ages, alerts_over, audit_over, items_over, tombstones_from_before
from pipeline.retention.agreement import disagreements
from pipeline.retention.holds import NOBODY, HoldBook, in_force, released_records
from pipeline.retention.keep import care_for, stored
from pipeline.retention.purge import Found, Purged, Spared, Throttle, find, purge
from pipeline.send import send
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.mapping import ALERTS, AUDIT, ITEMS, Index
from schemas.topics import HOLDS

AGAIN: Final = "Then run `flagpost retain` again: it goes on where it was."

Query = Mapping[str, Any]


class Step(Struct, frozen=True, kw_only=True):
    """What one step did, or would do."""

    what: str
    before: dt.datetime
    """What is older than this was looked for."""
    found: int
    deleted: int = 0
    spared: int = 0
    """Of the items those that are held, of the tombstones those that a topic may still need."""
    changed: int = 0
    """Were written meanwhile, and left."""


class Round(Struct, kw_only=True):
    """What a run did, or would do."""

    dry_run: bool
    at: dt.datetime
    lapsed: list[str]
    """``_id`` of items whose hold has lapsed."""
    restored: int
    """Held items that the index had not, or had in an older version."""
    renewed: int
    """Holds that know of an edit, a decision or a delete now."""
    disagreements: dict[str, str]
    """Topic → how its retention does not fit that of the documents."""
    steps: list[Step] = []


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
    ) -> None:
        """``by`` is who asked for it."""
        self._settings = settings
        self._client = client
        self._now = now
        self._dry_run = dry_run
        self._by = by
        self._throttle = throttle or Throttle(settings.retain_rate)
        self._ages = Ages.of(settings)
        self._book = HoldBook(settings)

    def run(self, told: Callable[[Step], None] = lambda _step: None) -> Round:
        """Does all of it; ``told`` hears of each step when it is done.

        Raises what its parts raise: `NotSetUp`, `KafkaUnavailable`, `ElasticsearchUnavailable`, `AccessRefused`,
        `StageHalted`. What was done before stays done.
        """
        done = self.tend()
        for step in self._steps():
            done.steps.append(step)
            told(step)
        return done

    def tend(self) -> Round:
        """Releases what has lapsed, and gives the index what it lacks of what is held."""
        holds = dict(self._book.look())
        lapsed = [hold for hold in holds.values() if not hold.in_force(self._now)]
        kept = [hold for hold in holds.values() if hold.in_force(self._now)]
        care = care_for(kept, stored(self._client, self._settings, kept))
        if not self._dry_run:
            lines = [self._audited("hold-lapsed", document_id(one.source, one.id), since=one.at) for one in lapsed]
            record(self._settings, *lines)
            same = unchanged(holds, self._book.look())
            released = released_records([one.uid for one in lapsed if one.uid in same])
            send(self._settings, [*released, *care.of(same).records(), Outgoing(HOLDS, NOBODY, None)], AGAIN)
        return Round(
            dry_run=self._dry_run,
            at=self._now,
            lapsed=[document_id(one.source, one.id) for one in lapsed],
            restored=len(care.missing),
            renewed=len(care.renewed),
            disagreements=disagreements(self._settings),
        )

    # Steps

    def _steps(self) -> Iterator[Step]:
        ages, now = self._ages, self._now
        yield self._purge("items", ITEMS, now - ages.items, items_over(ages, now), self._held)
        yield self._purge("alerts", ALERTS, now - ages.alerts, alerts_over(ages, now))
        yield self._purge("audit lines", AUDIT, now - ages.audit, audit_over(ages, now))
        yield self._tombstones()

    def _purge(
        self, what: str, index: Index, before: dt.datetime, query: Query, spared: Spared = lambda _found: ()
    ) -> Step:
        alias = index.write_alias
        if not self._dry_run and (due := self._count(alias, query)):
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

    def _held(self, page: Sequence[Found]) -> Collection[str]:
        """Looked up anew for each page: somebody may hold an item while others go."""
        return held_of(page, self._book.look(), self._now)

    def _count(self, alias: str, query: Query) -> int:
        with explained(self._settings):
            return int(self._client.count(index=self._settings.named(alias), query=dict(query))["count"])

    def _record_that(self, what: str, index: Index, before: dt.datetime, due: int) -> None:
        line = self._audited("documents-expired", index.alias, what=what, before=before, due=due)
        record(self._settings, line)

    def _audited(self, act: str, on: str, **detail: object) -> Outgoing:
        return audited(act, on, self._now, self._by, **{name: str(value) for name, value in detail.items()})


def held_of(page: Sequence[Found], holds: Mapping[str, Hold], now: dt.datetime) -> set[str]:
    """Those ``_id`` of ``page`` that are held ``now``. Pure."""
    uids = in_force(holds, now)
    return {one.id for one in page if one.uid in uids}


def unchanged(before: Mapping[str, Hold], after: Mapping[str, Hold]) -> set[str]:
    """uids that nobody has held anew or released meanwhile: what is written of the others would undo that. Pure."""
    return {uid for uid, hold in after.items() if before.get(uid) == hold}


def unneeded(uids: Mapping[str, str], named: Collection[str]) -> set[str]:
    """Those ``_id`` of ``uids`` whose uid no topic names. Pure."""
    return {id for id, uid in uids.items() if uid and uid not in named}


def _step(what: str, before: dt.datetime, done: Purged) -> Step:
    return Step(
        what=what, before=before, found=done.found, deleted=done.deleted, spared=done.spared, changed=done.changed
    )
