from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import InvalidInput
from pipeline.page.view import AlertView, shortest
from schemas import codec
from schemas.alert import Alert
from tests.notices import alert
from tests.security.logs import logged


def taken(view: AlertView, **fields: Any) -> Alert:
    """An alert whose record the view has taken in."""
    one = alert(**fields)
    view.take(one.id.encode(), codec.encode(one))
    return one


def test_an_alert_is_as_its_newest_record_has_it() -> None:
    view = AlertView()
    first = taken(view, sequence=1)
    second = alert(sequence=2, state="acknowledged")
    change = view.take(second.id.encode(), codec.encode(second))
    assert change is not None
    assert (change.before, change.now) == (first, second)
    assert view.get(first.id) == second


def test_a_record_that_comes_again_or_late_changes_nothing() -> None:
    view = AlertView()
    second = taken(view, sequence=2, state="acknowledged")
    for late in (second, alert(sequence=1)):
        assert view.take(late.id.encode(), codec.encode(late)) is None
    assert view.all() == [second]


def test_a_record_without_a_value_removes_its_alert() -> None:
    view = AlertView()
    one = taken(view)
    change = view.take(one.id.encode(), None)
    assert change is not None
    assert (change.before, change.now) == (one, None)
    assert view.all() == []
    assert view.take(one.id.encode(), None) is None
    assert view.take(None, None) is None


def test_a_record_that_can_not_be_read_hides_no_other_alert_and_is_not_quoted() -> None:
    view = AlertView()
    with logged() as lines:
        assert view.take(b"x", b'{"type": "alert", "id": "s3cret"}') is None
    taken(view)
    assert len(view.all()) == 1
    assert "can't be read" in lines.getvalue()
    assert "s3cret" not in lines.getvalue()


def test_an_alert_is_found_by_the_beginning_of_its_id() -> None:
    view = AlertView()
    one = taken(view, id="abcdefghijklmnop")
    other = taken(view, id="abcxefghijklmnop")
    assert view.find("abcd") == one
    assert view.find(" ABCX ") == other
    assert view.find(one.id) == one


def test_a_beginning_that_several_ids_have_says_which() -> None:
    view = AlertView()
    for last in "abcdefg":
        taken(view, id=f"abcdefghijklmno{last}")
    with pytest.raises(InvalidInput) as caught:
        view.find("abc")
    assert "7 alerts begin" in caught.value.message
    assert caught.value.message.count("(open, immediate-danger)") == 5
    assert "and 2 more" in caught.value.message


@pytest.mark.parametrize("text", ["", " ", "zzz", "\x1b[2J", "abcdefghijklmnopq"])
def test_what_names_no_alert_is_said(text: str) -> None:
    view = AlertView()
    taken(view)
    with pytest.raises(InvalidInput, match="There is no alert"):
        view.find(text)


def test_an_id_is_shown_as_short_as_names_it() -> None:
    one, like_it, other = "abcdefghijklmnop", "abcdefghzzzzzzzz", "zbcdefghijklmnop"
    ids = {one, like_it, other}
    assert shortest(one, ids) == "abcdefghi"
    assert shortest(other, ids) == "zbcdef"
    assert shortest(one, {one}) == "abcdef"
