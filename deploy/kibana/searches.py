"""The saved searches, for the questions that come up every shift. They open in Discover; some stand on dashboards, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from deploy.kibana.views import VIEW_OF_ALERTS, VIEW_OF_AUDIT, VIEW_OF_DECISIONS, VIEW_OF_ITEMS, View


@dataclass(frozen=True, slots=True)
class Search:
    """``name`` makes its id. Newest first, by the view's date."""

    name: str
    title: str
    about: str
    view: View
    where: str
    columns: tuple[str, ...]


_POST: Final = ("flagpost.grade", "flagpost.label", "message", "user.name", "geo.name", "event.url")

UNDECIDED: Final = "not flagpost.review.at: *"
"""No analyst has decided on this wording."""

IMMEDIATE: Final = Search(
    "immediate",
    "Immediate, and nobody has decided",
    "Somebody may be in danger, and no analyst has looked yet.",
    VIEW_OF_ITEMS,
    f"flagpost.grade: immediate and {UNDECIDED}",
    _POST,
)

UNSURE: Final = Search(
    "unsure",
    "Unsure, and nobody has decided",
    "Posts that the model could not place: these decisions teach it most.",
    VIEW_OF_ITEMS,
    f"flagpost.unsure: true and {UNDECIDED}",
    (*_POST, "flagpost.scores.chatter"),
)

KNIFE: Final = Search(
    "knife",
    "Knives and blades",
    "Posts whose text names one. An example to change: any words, any label.",
    VIEW_OF_ITEMS,
    "message: (knife or knives or blade or machete or stabbed or stabbing)",
    _POST,
)

DISMISSED: Final = Search(
    "dismissed",
    "Dismissed",
    "Items of which an analyst said that they matter to nobody, and why.",
    VIEW_OF_DECISIONS,
    "flagpost.review.dismissed: true",
    ("flagpost.review.by", "flagpost.review.note", "flagpost.verdict.label", "message", "event.url"),
)

OPEN_ALERTS: Final = Search(
    "open-alerts",
    "Alerts that nobody has acknowledged",
    "Open, with what they are about and how many items the story has.",
    VIEW_OF_ALERTS,
    "flagpost.alert.state: open",
    ("flagpost.alert.severity", "message", "flagpost.alert.count", "flagpost.alert.failed", "event.id"),
)

SEARCHED: Final = Search(
    "searched",
    "Who searched for what",
    "Searches and exports by flagpost's own commands. What is searched in Kibana is not among them.",
    VIEW_OF_AUDIT,
    "flagpost.audit.query: *",
    ("user.name", "event.action", "flagpost.audit.query", "flagpost.audit.found", "event.reason"),
)

ACTS: Final = Search(
    "acts",
    "What people did",
    "Every act on the record that was not flagpost's own.",
    VIEW_OF_AUDIT,
    "not user.name: flagpost",
    ("user.name", "event.action", "flagpost.audit.on", "event.reason"),
)

SEARCHES: Final = (IMMEDIATE, UNSURE, KNIFE, DISMISSED, OPEN_ALERTS, SEARCHED, ACTS)
