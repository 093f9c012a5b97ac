"""What becomes of decisions, one after the other."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pipeline.review.numbering import MOST, Applied, Fate, Numbering, Outdated, Overtaken, TooMany, review_of
from schemas import codec
from schemas.codec import InvalidMessage
from schemas.review import Review
from tests.messages import item, post, review


def fates(*reviews: Review) -> list[Fate]:
    numbering = Numbering()
    return [numbering.number(one, offset) for offset, one in enumerate(reviews)]


def test_decisions_that_have_seen_each_other_are_numbered_in_their_order() -> None:
    assert fates(review(), review(seen=1), review(seen=2)) == [Applied(1), Applied(2), Applied(3)]


def test_of_two_who_saw_the_same_the_first_decides_and_the_second_is_told_by_whom() -> None:
    assert fates(review(), review(by="j.doyle")) == [Applied(1), Overtaken(by=0)]


def test_one_that_was_overtaken_counts_for_nobody() -> None:
    assert fates(review(), review(), review(seen=1), review(seen=1)) == [
        Applied(1),
        Overtaken(by=0),
        Applied(2),
        Overtaken(by=2),
    ]


def test_who_insists_decides_over_what_was_decided_before() -> None:
    assert fates(review(), review(over=True), review(seen=1)) == [Applied(1), Applied(2), Overtaken(by=1)]


def test_posts_are_numbered_apart() -> None:
    assert fates(review("1"), review("2"), review("1", seen=1)) == [Applied(1), Applied(1), Applied(2)]


def test_an_edit_begins_anew() -> None:
    assert fates(review(), review(seen=1), review(minute=5), review(minute=5, seen=1)) == [
        Applied(1),
        Applied(2),
        Applied(1),
        Applied(2),
    ]


@pytest.mark.parametrize("over", [False, True])
def test_a_decision_on_an_older_wording_than_anothers_is_history_even_if_it_insists(over: bool) -> None:
    assert fates(review(minute=5), review(seen=3, over=over)) == [Applied(1), Outdated(by=0)]


def test_wordings_of_one_millisecond_are_one_to_the_version_and_so_they_are_here() -> None:
    first = review(minute=5)
    later = msgspec.structs.replace(first.item.post, edited_at=first.item.revision + dt.timedelta(microseconds=300))
    again = msgspec.structs.replace(first, item=msgspec.structs.replace(first.item, post=later))
    assert fates(first, again) == [Applied(1), Overtaken(by=0)]


def test_where_the_topic_has_forgotten_what_was_seen_counts() -> None:
    assert fates(review(seen=7), review(seen=7), review(seen=8)) == [Applied(8), Overtaken(by=0), Applied(9)]


def test_beyond_what_the_version_has_room_for_nothing_is_applied() -> None:
    numbering = Numbering()
    assert numbering.number(review(seen=MOST - 1), 0) == Applied(MOST)
    assert numbering.number(review(seen=MOST), 1) == TooMany()
    assert numbering.number(review(seen=0, over=True), 2) == TooMany()
    assert numbering.number(review(seen=0), 3) == Overtaken(by=0)
    assert numbering.number(review(minute=5), 4) == Applied(1)


def test_what_can_never_be_applied_is_never_numbered() -> None:
    chatter = msgspec.structs.replace(item().verdict, label="chatter", grade=None)
    ages_ago = dt.datetime(1969, 12, 31, tzinfo=dt.UTC)
    for wrong in (item(verdict=chatter), item(post=post(created_at=ages_ago))):
        with pytest.raises(InvalidMessage):
            review_of(codec.encode(msgspec.structs.replace(review(), item=wrong)))
    for value in (b"{", b"", None):
        with pytest.raises(InvalidMessage):
            review_of(value)
