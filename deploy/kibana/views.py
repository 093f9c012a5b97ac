"""The data views: which index, by which date, how fields are shown. No runtime fields: what is shown is what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.mapping import ALERTS, AUDIT, ITEMS, Index


@dataclass(frozen=True, slots=True)
class View:
    """``name`` makes its id; ``time`` is the date that Kibana's clock is about."""

    name: str
    title: str
    index: Index
    time: str
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    popular: tuple[str, ...] = ()
    """Fields that Discover offers first."""


def _badges(colours: Mapping[str, str]) -> dict[str, Any]:
    """A word on a coloured ground for each of these values."""
    rules = [
        {"range": "-Infinity:Infinity", "regex": f"^{value}$", "text": "#ffffff", "background": colour}
        for value, colour in colours.items()
    ]
    return {"id": "color", "params": {"fieldType": "string", "colors": rules}}


LINK: Final = {"id": "url", "params": {"type": "a"}}
"""A link that shows where it leads. Kibana makes one of http and https alone."""

SHARE: Final = {"id": "percent", "params": {"pattern": "0%"}}

SECONDS: Final = {
    "id": "duration",
    "params": {
        "inputFormat": "seconds",
        "outputFormat": "humanizePrecise",
        "outputPrecision": 1,
        "includeSpaceWithSuffix": True,
        "useShortSuffix": True,
    },
}

GRADES: Final = {"immediate": "#bd271e", "prompt": "#b9620d", "routine": "#54647d"}
SEVERITIES: Final = {"critical": "#bd271e", "error": "#b9620d", "warning": "#7d6a1c", "info": "#54647d"}
"""One colour each, wherever it is shown; white letters on it can be read (WCAG AA)."""

_GRADE: Final = _badges(GRADES)

_ITEM_FORMATS: Final = {
    "event.url": LINK,
    "flagpost.grade": _GRADE,
    "flagpost.verdict.grade": _GRADE,
    "flagpost.review.grade": _GRADE,
    **{f"flagpost.scores.{label}": SHARE for label in ("intel", "help_request", "complaint", "chatter")},
    # Numbers that are names: no thousands separators.
    "flagpost.version": {"id": "number", "params": {"pattern": "0"}},
    "flagpost.activation": {"id": "number", "params": {"pattern": "0"}},
}

VIEW_OF_ITEMS: Final = View(
    "items",
    "Items, by when they were posted",
    ITEMS,
    "@timestamp",
    _ITEM_FORMATS,
    ("flagpost.grade", "flagpost.label", "message", "user.name", "geo.name", "event.url", "flagpost.uid"),
)

VIEW_OF_DECISIONS: Final = View(
    "decisions",
    "Items, by when an analyst decided",
    ITEMS,
    "flagpost.review.at",
    _ITEM_FORMATS,
    ("flagpost.review.by", "flagpost.review.label", "flagpost.review.grade", "flagpost.review.note", "message"),
)

VIEW_OF_ALERTS: Final = View(
    "alerts",
    "Alerts, by when they were opened",
    ALERTS,
    "@timestamp",
    {"flagpost.alert.severity": _badges(SEVERITIES), "flagpost.alert.acknowledged_after": SECONDS},
    ("flagpost.alert.severity", "flagpost.alert.state", "message", "flagpost.alert.count"),
)

VIEW_OF_AUDIT: Final = View(
    "audit",
    "Audit log, by when it was done",
    AUDIT,
    "@timestamp",
    popular=("user.name", "event.action", "flagpost.audit.on", "flagpost.audit.query", "event.reason"),
)

VIEWS: Final = (VIEW_OF_ITEMS, VIEW_OF_DECISIONS, VIEW_OF_ALERTS, VIEW_OF_AUDIT)
