"""A document is of one item, and that item is what comes back of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.index.document import document_of
from pipeline.index.item_of import NoItem, item_of
from schemas import codec
from schemas.item import Decision, Item, Withdrawn
from schemas.labels import FLAGGED, GRADES
from schemas.post import Author, Media, Place, Post
from schemas.verdict import Reason, Scores, Verdict
from tests.doubles.manual_clock import START
from tests.messages import item

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(
    dt.datetime(2000, 1, 1),
    dt.datetime(2100, 1, 1),
    timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=2))]),
)
NUMBERS = st.floats(0, 1)
LABELS = st.sampled_from(FLAGGED)
SOME = st.lists(LABELS, max_size=2, unique=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


PLACES = st.builds(Place, TEXTS) | st.builds(Place, maybe(TEXTS), st.floats(-90, 90), st.floats(-180, 180))
POSTS = st.builds(
    Post,
    source=st.sampled_from(["x", "rss", "a-b.c"]),
    id=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9),
    text=TEXTS,
    created_at=MOMENTS,
    edited_at=maybe(MOMENTS),
    author=maybe(st.builds(Author, maybe(TEXTS), maybe(TEXTS), maybe(TEXTS))),
    url=maybe(TEXTS),
    lang=maybe(TEXTS),
    reply_to=maybe(TEXTS),
    repost_of=maybe(TEXTS),
    place=maybe(PLACES),
    media=st.lists(st.builds(Media, TEXTS, maybe(TEXTS), maybe(TEXTS)), max_size=2),
    read_at=maybe(MOMENTS),
    extra=st.dictionaries(TEXTS, JSON, max_size=3),
)
VERDICTS = st.builds(
    Verdict,
    label=LABELS,
    scores=st.builds(Scores, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    model=TEXTS,
    activation=st.integers(1, 1023),
    also=SOME,
    grade=maybe(st.sampled_from(GRADES)),
    unsure=st.booleans(),
    reasons=st.lists(st.builds(Reason, TEXTS, st.integers(0, 9), st.integers(0, 9), NUMBERS), max_size=2),
    thresholds=st.dictionaries(TEXTS, NUMBERS, max_size=2),
)
DECISIONS = st.builds(
    Decision,
    by=TEXTS.filter(bool),
    at=MOMENTS,
    label=maybe(LABELS),
    also=maybe(SOME),
    grade=maybe(st.sampled_from(GRADES)),
    dismissed=st.booleans(),
    note=TEXTS,
)
ITEMS = st.builds(
    Item, post=POSTS, verdict=VERDICTS, judged_at=MOMENTS, reviews=st.integers(0, 1023), review=maybe(DECISIONS)
)


def stored(record: Item | Withdrawn) -> dict[str, Any]:
    """The document as Elasticsearch gives it back."""
    found: dict[str, Any] = json.loads(codec.encode(document_of(record, START)))
    return found


@given(ITEMS)
def test_the_item_of_a_document_is_the_one_that_it_was_made_of(one: Item) -> None:
    assert item_of(stored(one)) == one


def test_half_a_place_does_not_come_back() -> None:
    half = item(post=msgspec.structs.replace(item().post, place=Place("Pier", lat=53.9)))
    assert item_of(stored(half)).post.place == Place("Pier")
    nowhere = item(post=msgspec.structs.replace(item().post, place=Place(lat=53.9)))
    assert item_of(stored(nowhere)).post.place is None


def test_a_place_that_is_only_mentioned_is_not_where_it_was_written() -> None:
    one = item(post=msgspec.structs.replace(item().post, text="a van in Swindon", place=None))
    assert stored(one)["geo"]["mentioned"]
    assert item_of(stored(one)) == one


def test_a_document_from_before_there_were_reviews_is_its_item_too() -> None:
    one = item(verdict=msgspec.structs.replace(item().verdict, also=["complaint"]))
    old = stored(one)
    del old["flagpost"]["verdict"], old["event"]["id"]
    assert item_of(old) == one


def test_a_tombstone_and_what_is_not_ours_are_no_items() -> None:
    gone = Withdrawn(source="x", id="1", reason="deleted", revision=START, withdrawn_at=START, activation=1)
    for source in (stored(gone), {}, {"message": "hello"}, {**stored(item()), "flagpost": {"uid": 1}}):
        with pytest.raises(NoItem):
            item_of(source)
