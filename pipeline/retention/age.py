"""When something has been kept for long enough. Pure: the same answer as a record, for the index stage, and as a query.

An item's age counts from when it was judged (``judged_at``), not from when it was posted: a file of old posts that comes
in today must not be gone tonight. `[flagged]` counts the same way, since that is when classify wrote it there; but a
decision writes an item there anew, and `[reviews]` would do so once more at every replay. So the index stage refuses
what is over, and an expired item stays away whatever is replayed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from pipeline.settings import Settings
from schemas.alert import Alert
from schemas.item import Item
from schemas.topics import ALERTS, AUDIT, FLAGGED, Topic


def kept_days(settings: Settings, topic: Topic) -> float:
    """Days that Kafka keeps a record of ``topic``: the settings', else the table's."""
    return settings.kafka_retention_days.get(topic.name, topic.retention_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How long each kind of document is kept."""

    items: dt.timedelta
    reviewed: dt.timedelta
    """Of items with a decision on their wording; never shorter than the others'."""
    alerts: dt.timedelta
    audit: dt.timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        items = settings.retain_items_days or kept_days(settings, FLAGGED)
        return cls(
            items=dt.timedelta(days=items),
            reviewed=dt.timedelta(days=max(settings.retain_reviewed_days or items, items)),
            alerts=dt.timedelta(days=settings.retain_alerts_days or kept_days(settings, ALERTS)),
            audit=dt.timedelta(days=settings.retain_audit_days or kept_days(settings, AUDIT)),
        )

    def item_is_over(self, item: Item, now: dt.datetime) -> bool:
        return item.judged_at < now - (self.reviewed if item.review else self.items)

    def alert_is_over(self, alert: Alert, now: dt.datetime) -> bool:
        """Only a resolved one can be: the page stage may still have something to do with any other."""
        return alert.resolved_at is not None and alert.resolved_at < now - self.alerts

    def line_is_over(self, written_down: dt.datetime, now: dt.datetime) -> bool:
        """By the broker's clock: whoever acts could say that it was six years ago, and no look would be found."""
        return written_down < now - self.audit


def items_over(ages: Ages, now: dt.datetime) -> dict[str, Any]:
    """The documents of which `Ages.item_is_over`, as a query. Tombstones are none: they have a rule of their own."""
    judged = "flagpost.judged_at"
    unreviewed = [_before(judged, now - ages.items), _none({"exists": {"field": "flagpost.review.at"}})]
    either = [{"bool": {"filter": unreviewed}}, _before(judged, now - ages.reviewed)]
    live = _none({"term": {"flagpost.withdrawn": True}})
    return {"bool": {"filter": [live], "should": either, "minimum_should_match": 1}}


def outlasting(query: dict[str, Any]) -> dict[str, Any]:
    """Those of the items that ``query`` finds that outlast a repeat of their post: a decision on it or an edit of it has a
    higher version than what classify makes of the repeat. Any other item is overwritten by it, and as young as that.
    """
    decided, edited = {"range": {"flagpost.reviews": {"gt": 0}}}, {"exists": {"field": "flagpost.edited_at"}}
    return {"bool": {"filter": [query], "should": [decided, edited], "minimum_should_match": 1}}


def alerts_over(ages: Ages, now: dt.datetime) -> dict[str, Any]:
    return _before("event.end", now - ages.alerts)


def audit_over(ages: Ages, now: dt.datetime) -> dict[str, Any]:
    """By both clocks: of an audit document ``event.created`` alone could be altered without its id telling."""
    clocks = ("event.created", "@timestamp")
    return {"bool": {"filter": [_before(clock, now - ages.audit) for clock in clocks]}}


def tombstones_from_before(moment: dt.datetime) -> dict[str, Any]:
    """Tombstones that the index stage stored before ``moment``."""
    return {"bool": {"filter": [{"term": {"flagpost.withdrawn": True}}, _before("event.ingested", moment)]}}


def _before(field: str, moment: dt.datetime) -> dict[str, Any]:
    return {"range": {field: {"lt": moment.isoformat()}}}


def _none(query: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"must_not": [query]}}
