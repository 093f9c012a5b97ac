"""The items of an alert: some are told one by one, all are counted, and none twice. Pure.

What is told is bounded (`MOST_ITEMS`). Of an item that is only counted the alert keeps a fingerprint, so that a repeat
of its candidate counts nothing and pages nobody; and a second one if it was immediate, so that one that becomes it is
news.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from schemas.alert import FINGERPRINT, MOST_COUNTED, MOST_ITEMS, Alert, AlertItem, Excerpt, Matched
from schemas.labels import GRADES

MOST_PLACE: Final = 100
MOST_URL: Final = 500
"""Characters of an item's place and of its address. With these an alert can't outgrow its topic."""

_IMMEDIATE: Final = "\0immediate"


def fingerprint(uid: str) -> bytes:
    """`FINGERPRINT` bytes that no two uids have in common: among 10 million items with a chance below 1 in 100,000."""
    return hashlib.sha256(uid.encode()).digest()[:FINGERPRINT]


def fingerprints_in(alert: Alert, after: int = 0) -> Iterator[bytes]:
    """Of the items that are only counted, from byte ``after`` on."""
    return (alert.counted[at : at + FINGERPRINT] for at in range(after, len(alert.counted), FINGERPRINT))


def item_of(alert: Alert, uid: str) -> AlertItem | None:
    """The item, if it is told."""
    return next((item for item in alert.items if item.uid == uid), None)


def is_counted(alert: Alert, uid: str, immediate: bool) -> bool:
    """Whether the item is only counted, and was immediate before if it is ``immediate`` now."""
    marks = [uid + _IMMEDIATE] if immediate else [uid, uid + _IMMEDIATE]
    return any(_holds(alert.counted, fingerprint(mark)) for mark in marks)


def is_full(alert: Alert) -> bool:
    """Whether the alert takes no more items. Each may need two fingerprints, and so may the one that it takes the
    place of.
    """
    return len(alert.counted) > FINGERPRINT * (MOST_COUNTED - 4)


def is_immediate(item: AlertItem) -> bool:
    return item.excerpt is not None and item.excerpt.grade == "immediate"


def live(alert: Alert) -> list[AlertItem]:
    return [item for item in alert.items if item.state == "live"]


def gravest_first(alert: Alert) -> list[AlertItem]:
    """The items that are told, those that matter most first: live ones, by their grade, and of one grade as they came."""
    return sorted(alert.items, key=_worth, reverse=True)


def nothing_left(alert: Alert) -> bool:
    """Whether no item of the alert is live any more, as far as is known: what is only counted may be."""
    return not live(alert) and not alert.counted


def item(candidate: Matched) -> AlertItem:
    """What an alert keeps of a candidate that matches."""
    if candidate.excerpt is None:
        raise ValueError("a candidate that matches has an excerpt")
    return AlertItem(
        source=candidate.source,
        id=candidate.id,
        version=candidate.version,
        revision=candidate.revision,
        excerpt=_bounded(candidate.excerpt),
    )


def with_new(alert: Alert, newcomer: AlertItem, now: dt.datetime) -> Alert:
    """The alert with one item more: told, or where no place is left and it is not graver than another, only counted."""
    again = is_counted(alert, newcomer.uid, immediate=False)  # it is told now, because it has become graver
    alert = replace(alert, count=alert.count + (not again), news_at=now)
    if len(alert.items) < MOST_ITEMS:
        return replace(alert, items=[*alert.items, newcomer])
    rest = min(alert.items, key=_worth)
    if _worth(newcomer) > _worth(rest):
        told = [newcomer if one is rest else one for one in alert.items]
        return _counting(replace(alert, items=told), rest)
    return _counting(alert, newcomer)


def with_changed(alert: Alert, changed: AlertItem) -> Alert:
    """The alert with a newer version of an item that it tells."""
    return replace(alert, items=[changed if one.uid == changed.uid else one for one in alert.items])


def _worth(item: AlertItem) -> tuple[bool, int]:
    """How much it matters that the item is told. The oldest is the first of those that matter least."""
    grade = GRADES.index(item.excerpt.grade) if item.excerpt else len(GRADES)
    return item.state == "live", -grade


def _counting(alert: Alert, item: AlertItem) -> Alert:
    marks = [item.uid, item.uid + _IMMEDIATE] if is_immediate(item) else [item.uid]
    new = [mark for mark in map(fingerprint, marks) if not _holds(alert.counted, mark)]
    return replace(alert, counted=alert.counted + b"".join(new))


def _holds(counted: bytes, mark: bytes) -> bool:
    at = counted.find(mark)
    while at >= 0 and at % FINGERPRINT:  # across two of them
        at = counted.find(mark, at + 1)
    return at >= 0


def _bounded(excerpt: Excerpt) -> Excerpt:
    place = excerpt.place[:MOST_PLACE] if excerpt.place else None
    url = excerpt.url if excerpt.url and len(excerpt.url) <= MOST_URL else None
    return replace(excerpt, place=place, url=url)
