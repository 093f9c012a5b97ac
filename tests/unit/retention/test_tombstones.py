"""A tombstone goes when no topic names its post any more, and not a moment before."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from pipeline.retention.retain import unneeded
from pipeline.retention.sight import is_uid, sight_of
from pipeline.retention.tombstones import BRING_BACK, BY_TIME, SLACK, earliest_of, named_by
from schemas import codec
from schemas.hold import Hold
from schemas.item import Withdrawn
from schemas.post import Author, PostDeleted
from schemas.topics import TOPICS
from tests.doubles.manual_clock import START
from tests.messages import item, post, review

DAY = dt.timedelta(days=1)
GONE = Withdrawn(source="x", id="1", reason="deleted", revision=START, withdrawn_at=START, activation=1)
HOLD = Hold(item=item(), by="j.doyle", at=START, why="case 4")


def test_only_what_is_older_than_every_record_of_posts_and_items_comes_into_question() -> None:
    posts = {0: START - 6 * DAY, 1: START - 2 * DAY}
    flagged = {0: START - 200 * DAY, 4: START - 365 * DAY}
    assert earliest_of([posts, flagged], START) == START - 365 * DAY - SLACK
    assert earliest_of([posts, {}], START) == START - 6 * DAY - SLACK


def test_topics_without_a_record_hold_nothing_from_before_now() -> None:
    assert earliest_of([{}, {}], START) == START - SLACK


@pytest.mark.parametrize("record", [post(), item(), review(), HOLD, GONE], ids=lambda one: type(one).__name__)
def test_a_tombstone_stays_while_any_record_names_its_post(record: msgspec.Struct) -> None:
    value = codec.encode(record)
    assert named_by([(b"x:1", value)], {"x:1", "x:2"}) == {"x:1"}
    assert named_by([(None, value)], {"x:1", "x:2"}) == {"x:1"}, "by its value alone"


@pytest.mark.parametrize(
    ("key", "value"),
    [(b"x:1", b"<html>"), (b"x:1", None), (None, b'{"source": "x", "id": 1, "text": 7}'), (b"x:1", b"\xff" * 9)],
)
def test_a_record_that_no_stage_can_use_names_its_post_too(key: bytes | None, value: bytes | None) -> None:
    """As a dead letter it may be sent again one day."""
    assert named_by([(key, value)], {"x:1"}) == {"x:1"}


@pytest.mark.parametrize("value", [b"", b"[1, 2]", b"null", b'{"source": ["x"], "id": "1"}', b"[" * 100_000])
def test_what_names_nobody_names_nobody(value: bytes) -> None:
    assert named_by([(None, value), (b"no-colon", value)], {"x:1"}) == set()


def test_a_tombstone_goes_when_no_topic_names_its_post_and_when_it_names_none_it_stays() -> None:
    assert unneeded({"id1": "x:1", "id2": "x:2", "id3": ""}, {"x:1"}) == {"id2"}


def test_every_topic_that_leads_to_the_index_is_read() -> None:
    """`[chatter-sample]`, candidates, alerts and what is told about work lead nowhere near it."""
    elsewhere = {"outcomes", "chatter-sample", "alert-candidates", "alerts", "alert-actions", "audit", "workers"}
    assert {topic.name for topic in BRING_BACK} == set(TOPICS) - elsewhere
    assert set(BY_TIME) < set(BRING_BACK)


def test_who_wrote_a_post_is_seen_in_whatever_carries_it() -> None:
    written = post(author=Author(id="77", handle="@Sally_B", name="Sally"))
    for record in (written, item(post=written), Hold(item=item(post=written), by="j", at=START, why="w")):
        assert sight_of(b"x:1", codec.encode(record)).authors == {"77", "sally_b"}


def test_news_that_a_post_is_gone_holds_nothing_of_it() -> None:
    assert sight_of(b"x:1", codec.encode(PostDeleted(source="x", id="1", deleted_at=START))).empty
    assert sight_of(b"x:1", codec.encode(GONE)).empty
    assert not sight_of(b"x:1", codec.encode(post())).empty


@pytest.mark.parametrize(
    ("text", "is_one"), [("x:1", True), ("x:a:b", True), ("X:1", False), ("x", False), ("x:", False)]
)
def test_a_uid_is_a_source_and_an_id(text: str, is_one: bool) -> None:
    assert is_uid(text) is is_one
