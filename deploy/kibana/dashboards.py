"""The dashboards, from the top of each to its end. After Elastic's guidelines: what to act on first, a question a panel,
everything by value, few colours that each mean one thing.
"""

from __future__ import annotations

from typing import Final

from deploy.kibana.columns import Over, Top, count, median, newest, percentile, total
from deploy.kibana.panels import (
    CALM,
    FAINT,
    URGENT,
    Chart,
    Control,
    Dashboard,
    Documents,
    Figure,
    Links,
    Map,
    Points,
    Table,
    row,
)
from deploy.kibana.searches import IMMEDIATE, OPEN_ALERTS, UNDECIDED, UNSURE
from deploy.kibana.views import GRADES, SEVERITIES
from deploy.kibana.views import VIEW_OF_ALERTS as ALERTS
from deploy.kibana.views import VIEW_OF_DECISIONS as DECISIONS
from deploy.kibana.views import VIEW_OF_ITEMS as ITEMS

_LABEL: Final = Top("flagpost.label", "Label", size=3)
_GRADE: Final = Top("flagpost.grade", "Grade", size=3, colours=GRADES)
_SEVERITY: Final = Top("flagpost.alert.severity", "Severity", size=4, colours=SEVERITIES)
_SOURCE: Final = Top("flagpost.source", "Source")
_POSTED: Final = Over("@timestamp", "Posted")
_IMMEDIATE: Final = count("Immediate", "flagpost.grade: immediate")
_TOLD: Final = ("@timestamp", "flagpost.grade", "flagpost.label", "message", "event.url")

_CONTROLS: Final = (
    Control("Grade", ITEMS, "flagpost.grade"),
    Control("Label", ITEMS, "flagpost.label"),
    Control("Source", ITEMS, "flagpost.source"),
)


def _named(title: str, field: str, label: str) -> Table:
    """What posts name most often, how much of that is immediate, and when it was last named."""
    return Table(title, ITEMS, (Top(field, label),), (count("Items"), _IMMEDIATE, newest("@timestamp", "Newest")))


TRIAGE: Final = Dashboard(
    name="triage",
    title="Live triage",
    about="What came in during the last day and nobody has decided on: gravest and newest first.",
    since="now-24h",
    refreshed=30,
    controls=_CONTROLS,
    rows=(
        row(3, Links()),
        row(
            6,
            Figure("Immediate, undecided", ITEMS, count("Items"), f"flagpost.grade: immediate and {UNDECIDED}", URGENT),
            Figure("Prompt, undecided", ITEMS, count("Items"), f"flagpost.grade: prompt and {UNDECIDED}"),
            Figure("Unsure, undecided", ITEMS, count("Items"), f"flagpost.unsure: true and {UNDECIDED}"),
            Figure("All items", ITEMS, count("Items")),
        ),
        row(16, Documents("Immediate, and nobody has decided", IMMEDIATE)),
        row(
            18,
            Map(
                "Where",
                (
                    Points("Places that texts name", ITEMS, "geo.mentioned.location", "", FAINT, 6, _TOLD),
                    Points("Items", ITEMS, "geo.location", "not flagpost.grade: immediate", CALM, 6, _TOLD),
                    Points("Immediate items", ITEMS, "geo.location", "flagpost.grade: immediate", URGENT, 10, _TOLD),
                ),
            ),
            Chart("Items by label and grade", ITEMS, _LABEL, _GRADE, count("Items"), shape="bar_horizontal_stacked"),
            widths=(30, 18),
        ),
        row(14, Documents("Unsure, and nobody has decided", UNSURE)),
    ),
)

TRENDS: Final = Dashboard(
    name="trends",
    title="Trends and sources",
    about="What is posted, where it comes from and what it names, over the last month.",
    since="now-30d",
    refreshed=0,
    controls=_CONTROLS,
    rows=(
        row(3, Links()),
        row(14, Chart("Items over time, by label", ITEMS, _POSTED, _LABEL, count("Items"))),
        row(
            14,
            Chart("Items over time, by grade", ITEMS, _POSTED, _GRADE, count("Items")),
            Chart("Items over time, by source", ITEMS, _POSTED, _SOURCE, count("Items")),
        ),
        row(
            14,
            _named("Authors", "user.name", "Author"),
            _named("Handles that posts name", "related.user", "Handle"),
            _named("Where posts were written", "geo.name", "Place"),
        ),
        row(
            14,
            _named("Places that posts name", "related.places", "Place"),
            _named("Roads", "related.roads", "Road"),
            _named("Postcodes", "related.postcodes", "Postcode"),
        ),
        row(
            14,
            _named("Registration marks", "related.registration_marks", "Mark"),
            _named("Phone numbers", "related.phones", "Number"),
            _named("what3words addresses", "related.what3words", "Address"),
        ),
        row(
            12,
            Table(
                "Models and how sure they were",
                ITEMS,
                (Top("flagpost.model", "Model"),),
                (count("Items"), count("Unsure", "flagpost.unsure: true"), _IMMEDIATE),
            ),
            Table("Languages", ITEMS, (Top("flagpost.lang", "Language"),), (count("Items"),)),
        ),
    ),
)

DECIDED: Final = Dashboard(
    name="decided",
    title="Alerts and decisions",
    about="Who was paged and how soon somebody answered; what analysts decided, and where they corrected the model.",
    since="now-7d",
    refreshed=60,
    controls=(),  # two indices: a value chosen of the one would empty the panels of the other
    rows=(
        row(3, Links()),
        row(
            6,
            Figure("Open alerts", ALERTS, count("Alerts"), "flagpost.alert.state: open", URGENT),
            Figure("Half are acknowledged within", ALERTS, median("flagpost.alert.acknowledged_after", "Median")),
            Figure(
                "All but one in twenty within",
                ALERTS,
                percentile(95, "flagpost.alert.acknowledged_after", "95th percentile"),
            ),
            Figure("Pages that reached nobody", ALERTS, total("flagpost.alert.failed", "Pages")),
        ),
        row(12, Documents("Alerts that nobody has acknowledged", OPEN_ALERTS)),
        row(
            12,
            Chart(
                "Alerts over time, by severity",
                ALERTS,
                Over("@timestamp", "Opened"),
                _SEVERITY,
                count("Alerts"),
            ),
            Chart(
                "Alerts by severity and state",
                ALERTS,
                _SEVERITY,
                Top("flagpost.alert.state", "State", size=3),
                count("Alerts"),
                shape="bar_horizontal_stacked",
            ),
        ),
        row(
            12,
            Table(
                "Rules",
                ALERTS,
                (Top("rule.name", "Rule", size=20),),
                (
                    count("Alerts"),
                    total("flagpost.alert.count", "Items"),
                    median("flagpost.alert.acknowledged_after", "Half acknowledged within"),
                    total("flagpost.alert.failed", "Pages that reached nobody"),
                ),
            ),
            Table(
                "Who acknowledges",
                ALERTS,
                (Top("flagpost.alert.acknowledged_by", "Person"),),
                (count("Alerts"), median("flagpost.alert.acknowledged_after", "Half within")),
            ),
            widths=(30, 18),
        ),
        row(
            12,
            Chart(
                "Decisions over time, by analyst",
                DECISIONS,
                Over("flagpost.review.at", "Decided"),
                Top("flagpost.review.by", "Analyst"),
                count("Decisions"),
            ),
            Table(
                "Analysts",
                DECISIONS,
                (Top("flagpost.review.by", "Analyst", size=50),),
                (
                    count("Decisions"),
                    count("Label corrected", "flagpost.review.label: *"),
                    count("Grade corrected", "flagpost.review.grade: *"),
                    count("Dismissed", "flagpost.review.dismissed: true"),
                    newest("flagpost.review.at", "Newest"),
                ),
            ),
        ),
        row(
            10,
            Table(
                "Labels: from the model's to the analyst's",
                DECISIONS,
                (Top("flagpost.verdict.label", "The model's", size=3),),
                (count("Decisions"),),
                across=Top("flagpost.review.label", "The analyst's", size=3),
                where="flagpost.review.label: *",
            ),
            Table(
                "Grades: from the model's to the analyst's",
                DECISIONS,
                (Top("flagpost.verdict.grade", "The model's", size=3),),
                (count("Decisions"),),
                across=Top("flagpost.review.grade", "The analyst's", size=3),
                where="flagpost.review.grade: *",
            ),
        ),
    ),
)

DASHBOARDS: Final = (TRIAGE, TRENDS, DECIDED)
