"""What is held, from the records of its topic; and what a held item needs."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import msgspec
import pytest

from pipeline.cli.shown.hold import lasts, state_of
from pipeline.errors import InvalidInput, StageHalted
from pipeline.index.document import document_of
from pipeline.message import Outgoing
from pipeline.moments import moment
from pipeline.retention.hold_book import NOBODY, take, undone
from pipeline.retention.holds import ended, ends_sooner, extended, held_record, in_force, named, put_off, standing
from pipeline.retention.keep import care_for, record_of
from pipeline.retention.purge import Found
from pipeline.retention.retain import held_of
from schemas import codec
from schemas.hold import Hold
from schemas.identity import document_id, version_of
from schemas.item import Decision, Item, Withdrawn
from schemas.topics import FLAGGED, HOLDS
from tests.doubles.manual_clock import START
from tests.messages import item, post

DAY = dt.timedelta(days=1)
EDITED = item(post=post(edited_at=START + DAY))


def gone(id: str = "1") -> Withdrawn:
    return Withdrawn(source="x", id=id, reason="deleted", revision=START, withdrawn_at=START, activation=1)


def hold(id: str = "1", **fields: Any) -> Hold:
    return Hold(**{"item": item(id), "by": "j.doyle", "at": START, "why": "case 4", **fields})


def holds(*records: tuple[str, Hold | None]) -> dict[str, Hold]:
    book: dict[str, Hold] = {}
    take(book, ((key.encode(), codec.encode(one) if one else None) for key, one in records))
    return book


def test_the_last_record_of_an_item_counts_and_an_empty_one_is_a_release() -> None:
    book = holds(
        ("x:1", hold()), ("x:2", hold("2")), ("x:1", hold(why="case 5")), ("x:2", None), (NOBODY.decode(), None)
    )
    assert {uid: one.why for uid, one in book.items()} == {"x:1": "case 5"}


def test_a_hold_that_nobody_can_read_stops_everything_before_anything_is_deleted() -> None:
    with pytest.raises(StageHalted, match="can't be read"):
        take({}, [(b"x:1", b'{"type": "hold", "of": "another version"}')])


@pytest.mark.parametrize("fields", [{"why": "w" * 1025}, {"by": "b" * 513}, {"why": ""}, {"why": "\udcff"}])
def test_a_hold_that_nobody_could_read_is_not_written(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="can't be held like this"):
        held_record(hold(**fields))
    assert held_record(hold(why="w" * 1024)).topic == HOLDS


def test_a_hold_lapses_at_its_moment_and_one_without_never() -> None:
    book = holds(("x:1", hold()), ("x:2", hold("2", until=START + DAY)))
    assert in_force(book, START) == {"x:1", "x:2"}
    assert in_force(book, START + DAY) == {"x:1"}


def test_of_what_is_over_what_is_held_stays_until_its_hold_lapses() -> None:
    page = [Found("id1", 1, 1, "x:1"), Found("id2", 1, 1, "x:2"), Found("id3", 1, 1, "x:3"), Found("line", 1, 1, "")]
    book = holds(("x:1", hold()), ("x:2", hold("2", until=START + DAY)))
    assert held_of(page, book, START) == {"id1", "id2"}
    assert held_of(page, book, START + DAY) == {"id1"}


def test_a_hold_is_named_as_an_item_is() -> None:
    book = holds(("x:1", hold()), ("x:2", hold("2")))
    assert named(book, "x:2").uid == named(book, document_id("x", "2")[:6]).uid == "x:2"
    for name, says in (("x:3", "Nothing that is held"), ("", "Nothing that is held")):
        with pytest.raises(InvalidInput, match=says):
            named(book, name)


def test_a_hold_that_is_extended_keeps_what_was_held_and_what_became_of_it() -> None:
    before = hold(until=START + DAY, latest=gone())
    after = extended(before, "a.khan", START + 2 * DAY, "retrial", None)
    assert after == Hold(item=before.item, latest=gone(), by="a.khan", at=START + 2 * DAY, why="retrial")


def test_a_hold_that_ends_is_an_empty_record_but_where_the_post_is_to_be_forgotten() -> None:
    assert ended(hold()).value is None
    waiting = put_off(hold(until=START + 9 * DAY), START)
    lapsed = codec.decode(HOLDS, ended(waiting).value)
    assert (lapsed.in_force(START), lapsed.to_forget, state_of(lapsed)) == (False, START, "to be forgotten")
    assert codec.decode(HOLDS, ended(lapsed).value) == lapsed, "it ended when it ended"
    assert extended(lapsed, "a.khan", START, "retrial", None).to_forget == START


def test_the_first_request_to_forget_what_is_held_counts() -> None:
    assert put_off(put_off(hold(), START), START + DAY).to_forget == START


OURS, THEIRS, LATER = b"ours", b"theirs", b"later"


@pytest.mark.parametrize(
    ("seen", "again"),
    [
        ([OURS], []),
        ([THEIRS, OURS], [THEIRS]),
        ([None, OURS], [None]),
        ([THEIRS, LATER, OURS], [LATER]),
        ([OURS, THEIRS], []),
        ([THEIRS, OURS, LATER], []),
    ],
)
def test_what_somebody_wrote_right_before_ours_is_written_again(
    seen: list[bytes | None], again: list[bytes | None]
) -> None:
    records = [(b"x:1", value) for value in seen] + [(b"x:2", THEIRS), (b"x:3", b"o3"), (b"x:2", LATER)]
    ours = [Outgoing(HOLDS, b"x:1", OURS), Outgoing(HOLDS, b"x:3", b"o3")]
    assert [(one.key, one.value) for one in undone(records, ours)] == [(b"x:1", value) for value in again]


def test_of_two_retains_neither_takes_the_others_word_for_a_persons() -> None:
    held = Hold(item=item(), by="j.doyle", at=START, why="case 6")
    renewed = [held_record(msgspec.structs.replace(held, latest=latest)) for latest in (EDITED, gone())]
    seen = [(b"x:1", None), *((one.key, one.value) for one in renewed)]  # behind a release
    for ours in renewed:
        assert [one.value for one in undone(seen, [ours])] == [None]


@pytest.mark.parametrize(
    ("before", "until", "sooner"),
    [(DAY, 2 * DAY, False), (DAY, DAY, False), (2 * DAY, DAY, True), (None, DAY, True), (DAY, None, False)],
)
def test_a_hold_ends_sooner_if_it_lapses_before_the_one_that_there_is(
    before: dt.timedelta | None, until: dt.timedelta | None, sooner: bool
) -> None:
    there = hold(until=START + before if before else None)
    assert ends_sooner(there, START + until if until else None) is sooner


def test_a_held_item_is_known_by_what_the_list_of_holds_shows_and_by_no_less() -> None:
    book = holds(("x:1", hold(until=START)), ("x:2", hold("2")))
    id = document_id("x", "1")
    assert standing(book, "x:1") == standing(book, id) == standing(book, id[:8]) == book["x:1"]
    assert (standing(book, "x:3"), standing(book, document_id("x", "3")[:3])) == (None, None)
    with pytest.raises(InvalidInput, match="another item's may, too"):
        standing(book, id[:7])


def test_the_last_day_of_a_hold_is_told_as_it_was_given() -> None:
    until = moment("2032-03-31", START, "end")
    assert lasts(hold(until=until)) == "until 2032-03-31"
    assert lasts(hold()) == "until it is released"


def test_an_index_that_lacks_a_held_item_gets_the_newest_that_the_hold_knows() -> None:
    care = care_for([hold(), hold("2", latest=gone("2"))], {})
    assert care.holds() == []
    assert [(one.topic, codec.decode(one.topic, one.value)) for one in care.items()] == [
        (FLAGGED, item()),
        (FLAGGED, gone("2")),  # its author deleted it: what comes back is the tombstone
    ]


@pytest.mark.parametrize("there", [EDITED, item(reviews=1, review=Decision(by="a", at=START, dismissed=True)), gone()])
def test_a_hold_learns_what_became_of_its_item_and_keeps_what_was_held(there: Item | Withdrawn) -> None:
    care = care_for([hold()], {"x:1": there})
    (renewed,) = care.renewed
    assert (renewed.item, renewed.known, renewed.why) == (item(), there, "case 4")
    assert care.items() == []
    assert [codec.decode(HOLDS, one.value) for one in care.holds()] == [renewed]
    assert care_for([renewed], {"x:1": there}).holds() == []


def test_an_index_from_before_an_edit_gets_the_edit_again() -> None:
    assert care_for([hold(latest=EDITED)], {"x:1": item()}).missing


@pytest.mark.parametrize("record", [item(), EDITED, gone()], ids=["item", "edit", "delete"])
def test_what_the_index_holds_is_read_back_in_the_same_version(record: Item | Withdrawn) -> None:
    source = json.loads(codec.encode(document_of(record, START)))
    assert version_of(record_of(source)) == version_of(record)
