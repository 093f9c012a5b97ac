"""Items of an alert: those that matter are told, all are counted, none twice."""

from __future__ import annotations

from pipeline.page.items import (
    fingerprint,
    is_counted,
    item,
    item_of,
    nothing_left,
    with_new,
)
from schemas.alert import FINGERPRINT, MOST_ITEMS, Alert
from schemas.labels import Grade
from tests.doubles.manual_clock import START
from tests.unit.page.scene import matched

EMPTY = Alert(
    id="a" * 16,
    sequence=1,
    rule="danger",
    severity="warning",
    group="harbour",
    state="open",
    opened_at=START,
    updated_at=START,
)


def filled(number: int, grade: Grade = "routine") -> Alert:
    alert = EMPTY
    for one in range(number):
        alert = with_new(alert, item(matched(str(one), grade=grade)), START)
    return alert


def test_a_fingerprint_is_part_of_what_is_kept_and_never_changes() -> None:
    assert fingerprint("x:1").hex() == "0b788078937c4c6e"
    assert len(fingerprint("x:1")) == FINGERPRINT


def test_one_that_is_graver_takes_the_place_of_one_that_matters_less() -> None:
    alert = with_new(filled(MOST_ITEMS), item(matched("grave", grade="immediate")), START)
    assert item_of(alert, "x:grave")
    assert item_of(alert, "x:0") is None
    assert is_counted(alert, "x:0", immediate=False)
    assert alert.count == MOST_ITEMS + 1


def test_one_that_matters_no_more_than_those_that_are_told_is_only_counted() -> None:
    alert = with_new(filled(MOST_ITEMS), item(matched("more", grade="routine")), START)
    assert item_of(alert, "x:more") is None
    assert is_counted(alert, "x:more", immediate=False)
    assert not is_counted(alert, "x:more", immediate=True), "that would be news"


def test_one_that_was_immediate_and_is_only_counted_is_no_news_again() -> None:
    alert = with_new(filled(MOST_ITEMS, "immediate"), item(matched("more", grade="immediate")), START)
    assert is_counted(alert, "x:more", immediate=True)
    assert is_counted(alert, "x:more", immediate=False)


def test_a_fingerprint_across_two_others_is_none() -> None:
    alert = filled(MOST_ITEMS + 2)
    across = alert.counted[FINGERPRINT // 2 : FINGERPRINT // 2 + FINGERPRINT]
    assert across in alert.counted
    found = [alert.counted[at : at + FINGERPRINT] for at in range(0, len(alert.counted), FINGERPRINT)]
    assert across not in found
    assert len(found) == 2


def test_an_alert_that_only_counts_some_is_never_taken_for_empty() -> None:
    assert nothing_left(EMPTY)
    assert not nothing_left(filled(MOST_ITEMS + 1))
