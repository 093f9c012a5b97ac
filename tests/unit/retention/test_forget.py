"""What forgetting does about what was found, what it writes down, and when the last of it goes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pipeline.cli.forget import require_unnamed
from pipeline.cli.shown.forget import also_known
from pipeline.errors import InvalidInput
from pipeline.retention.forget import Plan, Request, delete_of, line_of, plan, require_free, wait_for_tombstones
from pipeline.retention.seek import Author, author_query, names_beside, uids_by
from pipeline.retention.traces import Traces, note
from pipeline.settings import ROOT
from schemas import codec
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.post import Author as AuthorOfPost
from schemas.post import PostDeleted
from schemas.topics import AUDIT, POSTS
from tests.doubles.manual_clock import START
from tests.messages import item, post

DAY = dt.timedelta(days=1)


def traces(*uids: str, **fields: Any) -> Traces:
    return Traces(set(uids), **fields)


def test_what_is_deleted_already_and_what_is_held_is_left() -> None:
    found = traces("x:1", "x:2", "x:3", deleted={"x:2"}, last={"chatter-sample": {"x:2": START, "x:3": START}})
    doing = plan(found, {"x:3": hold("3")}, START)
    assert doing == Plan(deletes=["x:1"], already=["x:2"], sampled=["x:2"], lapsed=[], held=["x:3"], put_off=["x:3"])
    assert doing.posts == ["x:1", "x:2"]


def test_what_is_held_is_to_be_forgotten_once_and_what_is_held_no_more_goes() -> None:
    holds = {"x:1": hold("1", to_forget=START), "x:2": hold("2", to_forget=START, until=START)}
    doing = plan(traces(*holds, last={"holds": dict.fromkeys(holds, START)}), holds, START)
    assert (doing.held, doing.put_off, doing.deletes, doing.lapsed) == (["x:1"], [], ["x:2"], ["x:2"])


def hold(id: str, **fields: Any) -> Hold:
    return Hold(**{"item": item(id), "by": "j.doyle", "at": START, "why": "case 4", **fields})


def test_what_the_index_still_shows_is_deleted_though_a_delete_is_on_its_way() -> None:
    doing = plan(traces("x:1", "x:2", live={"x:1"}, deleted={"x:1", "x:2"}), {}, START)
    assert (doing.deletes, doing.already) == (["x:1"], ["x:2"])


def test_a_delete_that_no_stage_would_take_is_none() -> None:
    found = traces("x:1")
    gone = codec.encode(PostDeleted(source="x", id="1", deleted_at=START))
    note(found, "posts", b"x:1", gone, START - 2 * DAY)  # by a machine whose clock is two days ahead: bad_date
    assert (found.deleted, plan(found, {}, START).deletes) == (set(), ["x:1"])
    note(found, "posts", b"x:1", gone, START)
    assert found.deleted == {"x:1"}


def test_nothing_is_forgotten_while_some_of_it_is_held() -> None:
    require_free(set())
    with pytest.raises(InvalidInput, match="x:1 and 1 more can't be forgotten: there is a hold"):
        require_free({"x:2", "x:1"})


def test_what_no_stage_would_take_as_a_post_is_no_delete() -> None:
    assert plan(traces("X Y:1", "x:1"), {}, START).deletes == ["x:1"]


def test_a_delete_has_the_posts_own_key_so_that_it_stays_behind_the_post() -> None:
    sent = delete_of("x:a:b", START)
    assert (sent.topic, sent.key) == (POSTS, b"x:a:b")
    assert codec.decode(POSTS, sent.value) == PostDeleted(source="x", id="a:b", deleted_at=START)


def test_the_audit_names_the_posts_document_and_neither_the_post_nor_its_author() -> None:
    found = traces("x:secret-id", live={"x:secret-id"}, last={"posts": {"x:secret-id": START}})
    sent = line_of("post-forgotten", "x:secret-id", found, Request("r1", "j.doyle", "request 12", START))
    line = codec.decode(AUDIT, sent.value)
    assert (line.on, line.by) == (document_id("x", "secret-id"), "j.doyle")
    assert line.detail == {"request": "r1", "source": "x", "why": "request 12", "places": "index, posts"}
    assert b"secret-id" not in sent.value


@pytest.mark.parametrize("why", ["", "  ", "Sally_B asked", "for @sally_b"])
def test_a_reason_that_is_empty_or_names_the_author_is_refused(why: str) -> None:
    with pytest.raises(InvalidInput):
        require_unnamed(why, "@Sally_B")
    require_unnamed("request 12", "@Sally_B")
    require_unnamed("request 12, retail fraud", "@ai")


@pytest.mark.parametrize(
    ("author", "is_by"),
    [
        (Author("sally_b"), True),
        (Author("@SALLY_B"), True),
        (Author("77"), True),
        (Author("sally_b", "x"), True),
        (Author("sally_b", "bluesky"), False),
        (Author("sally"), False),
        (Author("Sally"), False),
    ],
)
def test_an_author_is_a_handle_or_an_id_and_not_a_name_that_anybody_may_bear(author: Author, is_by: bool) -> None:
    value = b'{"type":"post","source":"x","id":"1","author":{"id":"77","handle":"@Sally_B","name":"Sally"}}'
    assert uids_by(author, b"x:1", value) == ({"x:1"} if is_by else set())


@pytest.mark.parametrize(
    ("line", "option"),
    [
        (b'{"id":"1","text":"x","author":{"handle":"sally_b"}}', "--source"),
        (b'{"source":"x","tweet_id":"1","author":{"handle":"sally_b"}}', "--map"),
        (b'{"source":"x","id":"1","user":"sally_b"}', "--map"),
        (b"x,1,sally_b", "CSV"),
        (b'{"source":"x","id":"1","author":{"handle":"sally_b"}', "broken"),
    ],
)
def test_the_runbook_says_of_which_dead_letters_nobody_can_tell_whose_they_are(line: bytes, option: str) -> None:
    assert uids_by(Author("sally_b"), None, line) == set()
    runbook = (ROOT / "deploy" / "runbook.md").read_text("utf-8")
    section = runbook[runbook.index("## Somebody asks to be forgotten") : runbook.index("## Snapshots of the index")]
    (told,) = [paragraph for paragraph in section.split("\n\n") if paragraph.startswith("A dead letter")]
    assert option in told


def test_who_asks_by_a_handle_hears_of_the_accounts_that_had_it() -> None:
    sent = codec.encode(post(author=AuthorOfPost(id="77", handle="Sally_B")))
    assert names_beside(Author("@sally_b"), b"x:1", sent) == {"77"}
    assert "as 77, 78." in also_known({"78", "77"})[0]
    assert also_known(set()) == []


def test_the_index_is_asked_for_handles_in_any_case_with_and_without_their_at() -> None:
    asked = author_query(Author("@Sally_B", "x"))["bool"]
    terms = [next(iter(one["term"].items())) for one in asked["should"]]
    assert [(name, value["value"], value["case_insensitive"]) for name, value in terms] == [
        ("user.name", "Sally_B", True),
        ("user.name", "@Sally_B", True),
        ("user.id", "@Sally_B", True),
    ]
    assert asked["filter"] == [{"term": {"flagpost.source": "x"}}]


def test_the_last_record_that_holds_something_of_a_post_counts_and_the_news_of_its_end_does_not() -> None:
    found = traces("x:1", "x:2")
    gone = codec.encode(PostDeleted(source="x", id="1", deleted_at=START))
    for days, value in enumerate((codec.encode(post()), codec.encode(post()), gone)):
        note(found, "posts", b"x:1", value, START + days * DAY)
    note(found, "posts", b"x:9", codec.encode(post("9")), START)
    assert found.last == {"posts": {"x:1": START + DAY}}
    assert found.deleted == {"x:1"}


def test_what_was_taken_out_of_the_sample_is_not_taken_out_once_more() -> None:
    found = traces("x:1", deleted={"x:1"})
    note(found, "chatter-sample", b"x:1", codec.encode(item()), START)
    assert plan(found, {}, START).sampled == ["x:1"]
    note(found, "chatter-sample", b"x:1", None, START)
    assert plan(found, {}, START).empty


def test_nobody_waits_for_tombstones_of_nothing() -> None:
    assert wait_for_tombstones(None, None, [], 0) == set()  # type: ignore[arg-type]
