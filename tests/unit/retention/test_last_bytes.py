"""When the last of a post goes from Kafka: never told too early, whatever is on its way and whatever was emptied."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from pipeline.retention.last_bytes import last_bytes, may_come
from pipeline.retention.stay import LOOKED_AT, Stay
from pipeline.retention.traces import Traces, note
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Gone, Matched
from schemas.post import PostDeleted
from schemas.topics import TOPICS
from tests.doubles.manual_clock import START
from tests.messages import item, post, review

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
STAYS = {name: Stay.wanted(Settings(home=Path("nowhere")), topic) for name, topic in TOPICS.items()}

DELETE = PostDeleted(source="x", id="1", deleted_at=START)
GONE = Gone(source="x", id="1", version=9, reason="deleted", revision=START)
MATCHED = Matched(source="x", id="1", version=1, revision=START, matches=[])


def traces(*seen: tuple[str, msgspec.Struct | None, dt.datetime], buried: dt.datetime | None = None) -> Traces:
    """Those of x:1: records of topics, and when the index stored its delete."""
    found = Traces({"x:1"}, buried={"x:1": buried} if buried else {})
    for topic, value, at in seen:
        note(found, topic, b"x:1", codec.encode(value) if value else None, at)
    return found


def test_a_post_that_may_not_be_judged_yet_may_lie_in_flagged_for_a_year_from_now() -> None:
    now = START + 6 * DAY
    for found in (
        traces(("posts", post(), START)),
        traces(("posts", post(), START), ("posts", DELETE, START)),  # classify has not come to it
    ):
        gone = last_bytes(found, STAYS, now)
        assert gone["posts"] == START + 7 * DAY + 6 * HOUR + LOOKED_AT
        assert gone["flagged"] == now + 368 * DAY + LOOKED_AT
        assert gone["chatter-sample"] == now + 12 * HOUR + LOOKED_AT
        assert gone["alert-candidates"] == now + 7 * DAY + 6 * HOUR + LOOKED_AT
        assert gone["alerts"] == now + 2 * DAY + LOOKED_AT
        assert gone["dead-letters"] == now + 31 * DAY + LOOKED_AT


def test_once_the_index_has_the_delete_chatter_is_told_to_lie_where_it_lies() -> None:
    found = traces(("posts", post(), START), ("posts", DELETE, START), buried=START + HOUR)
    assert may_come(found) == set()
    assert set(last_bytes(found, STAYS, START)) == {"posts"}


@pytest.mark.parametrize(
    "found",
    [
        traces(("posts", post(), START), ("posts", DELETE, START), ("posts", post(), START), buried=START + HOUR),
        traces(("posts", post(), START), ("posts", DELETE, START), buried=START - 9 * DAY),
        traces(("posts", post(), START), buried=START + HOUR),
    ],
    ids=["repeated behind its delete", "the index has an older delete", "the delete has left the topic"],
)
def test_a_delete_that_the_post_may_be_behind_proves_nothing(found: Traces) -> None:
    assert "flagged" in may_come(found)


def test_an_item_may_be_on_its_way_to_alerts_until_its_end_is_told_there() -> None:
    flagged = ("flagged", item(), START)
    assert may_come(traces(flagged)) == {"alert-candidates", "alerts", "dead-letters"}
    assert may_come(traces(flagged, ("alert-candidates", GONE, START - HOUR))) != set(), "that was an older end"
    assert may_come(traces(flagged, ("alert-candidates", GONE, START + HOUR))) == set()
    both = traces(flagged, ("alert-candidates", MATCHED, START), ("alert-candidates", GONE, START + HOUR))
    assert may_come(both) == {"alerts"}, "nobody can tell whether the page stage has seen its end"


def test_a_decision_that_was_not_applied_yet_writes_the_item_once_more() -> None:
    decided, ended = ("reviews", review(), START), ("alert-candidates", GONE, START + 9 * HOUR)
    now = START + 300 * DAY
    waiting = traces(("flagged", item(), START - HOUR), decided, ended)
    assert last_bytes(waiting, STAYS, now)["flagged"] == now + 368 * DAY + LOOKED_AT
    applied = traces(("flagged", item(), START - HOUR), ("flagged", item(), START + HOUR), decided, ended)
    assert last_bytes(applied, STAYS, now)["flagged"] == START + HOUR + 368 * DAY + LOOKED_AT


def test_the_last_byte_goes_with_its_own_time_or_when_it_is_compacted_away_if_that_is_sooner() -> None:
    found = Traces({"x:1", "x:2"})
    found.last = {
        "dead-letters": {"x:1": START - DAY, "x:2": START - 3 * DAY},
        "alerts": {"x:1": START - 9 * DAY},
        "chatter-sample": {"x:1": START - DAY, "x:2": START},
        "flagged": {},
    }
    assert last_bytes(found, STAYS, START) == {
        "dead-letters": START + 30 * DAY + LOOKED_AT,
        "alerts": START + 2 * DAY + LOOKED_AT,
        "chatter-sample": START + 12 * HOUR + LOOKED_AT,
    }


@pytest.mark.parametrize(("topic", "hours"), [("holds", 48), ("chatter-sample", 12)])
def test_what_an_empty_record_took_away_stays_until_it_is_compacted(topic: str, hours: int) -> None:
    found = traces((topic, item(), START - DAY), (topic, None, START))
    assert found.places("x:1") == [topic]
    assert found.last == {topic: {}}, "nobody has to empty it once more"
    assert last_bytes(found, STAYS, START + HOUR) == {topic: START + hours * HOUR + LOOKED_AT}
    late = START + 5 * DAY
    assert last_bytes(found, STAYS, late) == {topic: late + hours * HOUR + LOOKED_AT}, "no file was closed since"


def test_what_was_emptied_goes_by_its_age_if_that_is_sooner_or_if_the_brokers_do_not_compact_it() -> None:
    found = traces(("chatter-sample", item(), START - 7 * DAY), ("chatter-sample", None, START))
    by_age = {"chatter-sample": START + 6 * HOUR + LOOKED_AT}
    assert last_bytes(found, STAYS, START) == by_age
    assert last_bytes(found, {"chatter-sample": Stay(7 * DAY, 6 * HOUR)}, START) == by_age


def test_what_is_there_anew_behind_an_empty_record_is_told_by_the_later_of_both() -> None:
    found = traces(("holds", item(), START - DAY), ("holds", None, START), ("holds", item(), START + HOUR))
    now = START + 2 * HOUR
    assert last_bytes(found, STAYS, now) == {"holds": now + 48 * HOUR + LOOKED_AT}


def test_an_empty_record_takes_nothing_out_of_a_topic_that_is_not_compacted() -> None:
    found = traces(("posts", post(), START), ("posts", None, START + HOUR), ("flagged", item(), START))
    assert found.places("x:1") == ["posts", "flagged"]
    assert "flagged" in may_come(found), "the post before it may still be judged"
    assert last_bytes(found, STAYS, START)["posts"] == START + 7 * DAY + 6 * HOUR + LOOKED_AT
