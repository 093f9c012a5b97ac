"""An item whose post came in once more counts from then, in its own version."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipeline.retention.age import Ages
from pipeline.retention.repeats import records_of, younger, youngest
from pipeline.settings import Settings
from schemas import codec
from schemas.identity import version_of
from schemas.item import Decision, Item, Withdrawn
from tests.doubles.manual_clock import START
from tests.messages import item

DAY = dt.timedelta(days=1)
AGES = Ages.of(Settings(home=Path("nowhere"), retain_items_days=30, retain_reviewed_days=60))
DECIDED = item(judged_at=START - 59 * DAY, reviews=1, review=Decision(by="a.khan", at=START, dismissed=True))
GONE = Withdrawn(source="x", id="1", reason="deleted", revision=START, withdrawn_at=START, activation=1)


def judged(days: float, id: str = "1") -> Item:
    return item(id, judged_at=START - days * DAY)


def test_the_youngest_item_that_a_replay_would_store_counts() -> None:
    records = [of(one) for one in (judged(29), judged(10), judged(20), judged(5, "2"), judged(1, "3"))]
    found = {"x:1": START - 10 * DAY, "x:2": START - 5 * DAY}
    assert youngest(records, {"x:1", "x:2"}, AGES, START) == found
    assert youngest(records, None, AGES, START) == {**found, "x:3": START - DAY}


def of(one: Item) -> tuple[bytes, bytes]:
    return one.uid.encode(), codec.encode(one)


@pytest.mark.parametrize(
    "value", [codec.encode(judged(31)), codec.encode(GONE), b"<html>", b"", None], ids=["over", "gone", "a", "b", "c"]
)
def test_what_a_replay_would_not_store_as_an_item_does_not_count(value: bytes | None) -> None:
    assert youngest([(b"x:1", value)], {"x:1"}, AGES, START) == {}


def test_an_item_becomes_as_young_as_its_repeat_and_keeps_its_version_and_its_decision() -> None:
    (young,) = younger({"x:1": DECIDED, "x:2": GONE}, {"x:1": START - 10 * DAY, "x:2": START})
    assert young.judged_at == START - 10 * DAY
    assert (version_of(young), young.review) == (version_of(DECIDED), DECIDED.review)
    (record,) = records_of([young])
    assert (record.key, codec.decode(record.topic, record.value)) == (b"x:1", young)


def test_an_item_that_is_as_young_as_its_youngest_repeat_is_left_as_it_is() -> None:
    assert younger({"x:1": judged(10), "x:2": judged(9, "2")}, {"x:1": START - 10 * DAY, "x:2": START - 10 * DAY}) == []
