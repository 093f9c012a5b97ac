"""When something is over, and whether the days of documents and of topics fit each other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pipeline.retention.age import Ages
from pipeline.retention.agreement import disagreements
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Alert
from schemas.item import Decision
from schemas.topics import ALERTS
from tests.doubles.manual_clock import START
from tests.messages import item, post
from tests.notices import alert

DAY = dt.timedelta(days=1)
DECISION = Decision(by="a.khan", at=START, grade="prompt")


def settings(**fields: Any) -> Settings:
    return Settings(home=Path("nowhere"), **fields)


def ages(**fields: Any) -> Ages:
    return Ages.of(settings(**fields))


def test_an_item_is_as_old_as_its_verdict_and_not_as_its_post() -> None:
    imported = item(post=post(created_at=START - 5000 * DAY), judged_at=START - 364 * DAY)
    assert not ages().item_is_over(imported, START)
    assert ages().item_is_over(imported, START + 2 * DAY)


def test_an_items_last_moment_is_still_its_time() -> None:
    assert not ages().item_is_over(item(judged_at=START - 365 * DAY), START)


@pytest.mark.parametrize(("reviewed_days", "days"), [(None, 30), (90, 90), (7, 30)])
def test_reviewed_items_stay_longer_if_the_settings_say_so_and_never_shorter(
    reviewed_days: float | None, days: int
) -> None:
    kept = ages(retain_items_days=30, retain_reviewed_days=reviewed_days)
    for age, over in ((days - 0.1, False), (days + 0.1, True)):
        assert kept.item_is_over(item(judged_at=START - age * DAY, review=DECISION), START) is over


def test_an_alert_is_over_a_year_after_it_was_resolved_and_never_before_that() -> None:
    still_open = alert(opened_at=START - 999 * DAY, updated_at=START)
    resolved = decoded(state="resolved", resolved_at=START - 366 * DAY)
    assert not ages().alert_is_over(still_open, START)
    assert ages().alert_is_over(resolved, START)
    assert not ages(retain_alerts_days=400).alert_is_over(resolved, START)


def decoded(**fields: Any) -> Alert:
    one: Alert = codec.decode(ALERTS, codec.encode(alert(**fields)))
    return one


def test_documents_are_kept_for_as_long_as_their_topics_unless_told_otherwise() -> None:
    assert ages().items == 365 * DAY
    assert ages(kafka_retention_days={"flagged": 90}).items == 90 * DAY
    assert ages(kafka_retention_days={"flagged": 90}, retain_items_days=30).items == 30 * DAY


def test_topics_fit_the_documents_by_default() -> None:
    assert disagreements(settings()) == {}


@pytest.mark.parametrize(
    ("fields", "topic", "says"),
    [
        ({"retain_items_days": 400}, "flagged", "a rebuild of the index lacks the older ones"),
        ({"retain_items_days": 30}, "flagged", "it still holds what has gone from the index"),
        ({"kafka_retention_days": {"reviews": 2000}}, "reviews", "it still holds what has gone from the index"),
        ({"retain_reviewed_days": 800, "kafka_retention_days": {"reviews": 800}}, "flagged", "reviewed items for 800"),
        ({"retain_audit_days": 30}, "audit", "it still holds what has gone from the index"),
        ({"retain_items_days": 7}, "posts", "a replay of it brings back what has expired"),
    ],
)
def test_a_topic_that_does_not_fit_is_named(fields: dict[str, Any], topic: str, says: str) -> None:
    assert says in disagreements(settings(**fields))[topic]
