"""Alerts are found by what is asked for, and a draft changes nothing before it is taken."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from pipeline.message import Outgoing
from pipeline.page.book import Book, Draft
from pipeline.page.items import item
from schemas import codec
from schemas.alert import Alert
from schemas.topics import ALERTS
from tests.doubles.manual_clock import START
from tests.unit.page.scene import later, matched


def alert(id: str = "a", **fields: object) -> Alert:
    return Alert(
        **{
            "id": id * 16,
            "sequence": 1,
            "rule": "danger",
            "severity": "warning",
            "group": "harbour",
            "state": "open",
            "opened_at": START,
            "updated_at": START,
            "items": [item(matched("1"))],
            **fields,
        }  # type: ignore[arg-type]
    )


def test_an_item_is_found_in_every_alert_that_has_it_the_newest_first() -> None:
    old, new = alert("a", state="resolved"), alert("b", opened_at=later(START, hours=1))
    other = alert("c", items=[item(matched("2"))])
    for order in ([old, new, other], [other, new, old]):
        assert Draft(Book(order)).holding("x:1") == [new, old]


def test_a_draft_changes_nothing_before_it_is_taken() -> None:
    book = Book([alert()])
    draft = Draft(book)
    changed = draft.put(replace(alert(), state="resolved"), later(START, minutes=1))
    assert draft.get("a" * 16) == changed
    assert draft.unresolved("danger") == []
    assert book.get("a" * 16) == alert()
    draft.take()
    assert book.get("a" * 16) == changed
    assert book.unresolved("danger") == set()


def test_the_sequence_rises_with_every_record_and_once_a_record() -> None:
    book = Book([alert(sequence=7)])
    draft = Draft(book)
    draft.put(alert(), START)
    draft.put(alert(group="station"), later(START, minutes=1))
    (record,) = draft.records()
    assert isinstance(record, Outgoing)
    written: Alert = codec.decode(ALERTS, record.value)
    assert (written.sequence, written.group, written.updated_at) == (8, "station", later(START, minutes=1))
    assert record.key == b"a" * 16


def test_what_is_forgotten_leaves_a_tombstone_and_no_trace() -> None:
    book = Book([alert()])
    draft = Draft(book)
    draft.forget("a" * 16)
    assert draft.records() == [Outgoing(ALERTS, b"a" * 16, None)]
    draft.take()
    assert len(book) == 0
    assert Draft(book).holding("x:1") == []


def test_what_is_due_comes_until_something_is_done_about_it() -> None:
    book = Book(
        [alert("a", next_repeat_at=later(START, minutes=2)), alert("b", next_repeat_at=later(START, minutes=1))]
    )
    assert book.next_due() == later(START, minutes=1)
    assert [one.id[0] for one in Draft(book).due(later(START, minutes=3))] == ["b", "a"]
    assert [one.id[0] for one in Draft(book).due(later(START, minutes=3))] == ["b", "a"]
    book.put(alert("b", next_repeat_at=None))
    assert [one.id[0] for one in Draft(book).due(later(START, minutes=3))] == ["a"]
    assert book.next_due() == later(START, minutes=2)


def test_a_draft_knows_what_has_become_due_in_it_and_what_is_not_any_more() -> None:
    book = Book([alert("a", next_repeat_at=START)])
    draft = Draft(book)
    draft.put(alert("a", next_repeat_at=later(START, hours=1)), START)
    draft.put(alert("b", next_repeat_at=START), START)
    assert [one.id[0] for one in draft.due(START)] == ["b"]


def test_a_book_is_the_same_in_whatever_order_it_was_made() -> None:
    alerts = [
        alert(chr(97 + n), opened_at=later(START, minutes=n % 3), next_step_at=START + dt.timedelta(n))
        for n in range(9)
    ]
    one, other = Book(alerts), Book(reversed(alerts))
    assert {a.id for a in one} == {a.id for a in other}
    assert one.next_due() == other.next_due()
    assert one.holders("x:1") == other.holders("x:1")
