"""Every alert that is kept, and where each is found: by item, by rule, by when it is due. Nothing here knows Kafka or
a clock.

A `Book` is what `[alerts]` says. What comes of a batch is written down in a `Draft` of it; only what Kafka has
acknowledged is taken into the book.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from pipeline.message import Outgoing
from pipeline.page.due import next_at
from pipeline.page.items import fingerprint, fingerprints_in
from schemas import codec
from schemas.alert import Alert
from schemas.topics import ALERTS

_NONE: Final[set[str]] = set()


class Book:
    """The alerts. They are frozen; `put` replaces one."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._alerts: dict[str, Alert] = {}
        self._holders: defaultdict[bytes, set[str]] = defaultdict(set)
        """An item's fingerprint → the alerts that have it."""
        self._of_rule: defaultdict[str, set[str]] = defaultdict(set)
        self._unresolved: defaultdict[str, set[str]] = defaultdict(set)
        """Both by rule."""
        self._due: list[tuple[dt.datetime, str]] = []
        """A heap; entries that are no longer true stay in it until they come up."""
        for alert in alerts:
            self.put(alert)

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Alert]:
        return iter(list(self._alerts.values()))

    def get(self, alert_id: str) -> Alert | None:
        return self._alerts.get(alert_id)

    def put(self, alert: Alert) -> None:
        before = self._alerts.get(alert.id)
        self._alerts[alert.id] = alert
        self._of_rule[alert.rule].add(alert.id)
        if alert.state == "resolved":
            self._unresolved[alert.rule].discard(alert.id)
        else:
            self._unresolved[alert.rule].add(alert.id)
        self._index_items(alert, before)
        if (moment := next_at(alert)) is not None and (before is None or next_at(before) != moment):
            heapq.heappush(self._due, (moment, alert.id))

    def drop(self, alert_id: str) -> None:
        """Forgets an alert."""
        alert = self._alerts.pop(alert_id)
        self._of_rule[alert.rule].discard(alert_id)
        self._unresolved[alert.rule].discard(alert_id)
        for key in [*(fingerprint(item.uid) for item in alert.items), *fingerprints_in(alert)]:
            self._holders[key].discard(alert_id)
            if not self._holders[key]:
                del self._holders[key]

    def holders(self, uid: str) -> set[str]:
        """Ids of the alerts that have the item."""
        return self._holders.get(fingerprint(uid), _NONE)

    def of_rule(self, rule: str) -> set[str]:
        return self._of_rule.get(rule, _NONE)

    def unresolved(self, rule: str) -> set[str]:
        return self._unresolved.get(rule, _NONE)

    def due(self, now: dt.datetime) -> list[str]:
        """Ids of the alerts with something to do at ``now``, the longest due first."""
        found: dict[str, dt.datetime] = {}
        while self._due and self._due[0][0] <= now:
            moment, alert_id = heapq.heappop(self._due)
            if self._is_true(moment, alert_id):
                found.setdefault(alert_id, moment)
        for alert_id, moment in found.items():  # it is due until something is done about it
            heapq.heappush(self._due, (moment, alert_id))
        return list(found)

    def next_due(self) -> dt.datetime | None:
        """When there is something to do next."""
        while self._due and not self._is_true(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def _is_true(self, moment: dt.datetime, alert_id: str) -> bool:
        alert = self._alerts.get(alert_id)
        return alert is not None and next_at(alert) == moment

    def _index_items(self, alert: Alert, before: Alert | None) -> None:
        known = {item.uid for item in before.items} if before else set()
        keys = [fingerprint(item.uid) for item in alert.items if item.uid not in known]
        keys += fingerprints_in(alert, after=len(before.counted) if before else 0)
        for key in keys:
            self._holders[key].add(alert.id)


class Draft:
    """Changes to a book that nobody has seen yet. Reads through to the book where nothing is changed."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._changed = Book()
        self._gone: list[str] = []
        self.notes: list[Outgoing] = []
        """Records of `[audit]` that are written with the changes."""

    def get(self, alert_id: str) -> Alert | None:
        return self._changed.get(alert_id) or self._book.get(alert_id)

    def put(self, alert: Alert, now: dt.datetime) -> Alert:
        """Notes a changed alert, or a new one; returns it with the sequence that it will be written with."""
        before = self._book.get(alert.id)
        sequence = before.sequence + 1 if before else 1
        alert = msgspec.structs.replace(alert, sequence=sequence, updated_at=now)
        self._changed.put(alert)
        return alert

    def forget(self, alert_id: str) -> None:
        """Notes that an alert of the book is kept no longer."""
        self._gone.append(alert_id)

    def holding(self, uid: str) -> list[Alert]:
        """The alerts that have the item, the newest first."""
        return self._newest_first(self._book.holders(uid) | self._changed.holders(uid))

    def unresolved(self, rule: str) -> list[Alert]:
        """The rule's alerts that are not resolved, the newest first."""
        ids = self._book.unresolved(rule) | self._changed.unresolved(rule)
        return [alert for alert in self._newest_first(ids) if alert.state != "resolved"]

    def of_rule(self, rule: str) -> list[Alert]:
        ids = self._book.of_rule(rule) | self._changed.of_rule(rule)
        return self._newest_first(ids)

    def due(self, now: dt.datetime) -> list[Alert]:
        """Those with something to do at ``now``."""
        ids = dict.fromkeys([*self._book.due(now), *self._changed.due(now)])
        alerts = (self.get(alert_id) for alert_id in ids)
        return [alert for alert in alerts if alert is not None and (moment := next_at(alert)) and moment <= now]

    def all(self) -> list[Alert]:
        """Every alert as it will be, those that are forgotten too."""
        return [*(alert for alert in self._book if self._changed.get(alert.id) is None), *self._changed]

    def _newest_first(self, ids: Iterable[str]) -> list[Alert]:
        alerts = [alert for alert in map(self.get, ids) if alert is not None]
        return sorted(alerts, key=lambda alert: (alert.opened_at, alert.id), reverse=True)

    # On its way

    def records(self) -> list[Outgoing]:
        """What is to be written, in one transaction."""
        alerts = [Outgoing(ALERTS, alert.id.encode(), codec.encode(alert)) for alert in self._changed]
        return [*alerts, *(Outgoing(ALERTS, alert_id.encode(), None) for alert_id in self._gone), *self.notes]

    def take(self) -> None:
        """Takes the changes into the book: Kafka has acknowledged `records`."""
        for alert in self._changed:
            self._book.put(alert)
        for alert_id in self._gone:
            self._book.drop(alert_id)
