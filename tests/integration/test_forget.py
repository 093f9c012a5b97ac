"""`flagpost forget` on a real Kafka and a real Elasticsearch; whether it comes back is in test_retention.py."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.retention.hold_book import HoldBook
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.post import Author
from tests.found import records
from tests.integration.kept import (
    ago,
    audit_of,
    judged,
    send,
    store,
)
from tests.messages import post
from tests.servers import Flagpost

pytestmark = pytest.mark.integration


def test_what_is_held_is_not_forgotten(ready: Settings, flagpost: Flagpost) -> None:
    mine = Author(handle="sally_b")
    for name in ("1", "2"):
        store(ready, judged(name, 1, author=mine), 1)
    assert flagpost("hold", "add", "x:1", "--why", "R v Marsh", "--by", "j.doyle").code == 0
    for asked in (("--post", "x:1"), ("--author", "sally_b")):
        ran = flagpost("forget", *asked, "--why", "request 12", "--yes")
        assert (ran.code, "x:1 can't be forgotten: there is a hold on it" in ran.err) == (2, True), ran.err
    assert records(ready, "posts") == []
    ran = flagpost("forget", "--author", "sally_b", "--why", "request 12", "--yes", "--except-held", "--timeout", "0")
    assert "the index does not show yet that 1 of them are gone" in ran.err  # no worker runs here
    assert [json.loads(one.value)["id"] for one in records(ready, "posts")] == ["2"]


def test_what_was_held_is_to_be_forgotten_until_it_is(ready: Settings, flagpost: Flagpost, tmp_path: Path) -> None:
    store(ready, judged("1", 1), 1)
    assert flagpost("hold", "add", "x:1", "--why", "R v Marsh", "--by", "j.doyle").code == 0
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": document_id("x", "1")}) + "\n")
    asked = ("forget", "--post", "x:1", "--why", "request 12", "--yes", "--timeout", "0")
    ran = flagpost(*asked, "--except-held", "--export", str(rows))
    assert f"1 rows of what is held stay in {rows}" in ran.out
    assert ("[holds]" in ran.out.partition("audit log.")[2], "but for what is held" in ran.out) == (False, False)
    assert "1 held: once nobody holds them, `flagpost hold list` lists them as to be forgotten." in ran.out
    assert "There is nothing to forget." in flagpost(*asked, "--except-held").out
    (line,) = audit_of(ready, "forgetting-put-off")
    assert (line["on"], line["detail"]["why"]) == (document_id("x", "1"), "request 12")
    released = flagpost("hold", "release", "x:1", "--why", "case closed", "--by", "j.doyle")
    assert "run `flagpost forget --post x:1 --why …`" in released.out
    for _ in range(2):  # nothing but the forgetting makes it be forgotten
        assert "1 post is to be forgotten" in flagpost("retain").err
    (listed,) = map(json.loads, flagpost("hold", "list", "--json").out.splitlines())
    assert (listed["state"], listed["to_forget"] is not None) == ("to be forgotten", True)
    named = document_id("x", "1")[:8]  # as the list shows it
    assert "1 forgotten." in flagpost("forget", "--post", named, *asked[3:]).out
    assert [json.loads(one.value)["id"] for one in records(ready, "posts")] == ["1"]
    assert flagpost("hold", "list").out == "Nothing is held.\n"


def test_by_a_clock_that_is_ahead_nothing_that_is_held_is_forgotten(
    ready: Settings, flagpost: Flagpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Ahead:
            return cls.fromtimestamp(dt.datetime.now(dt.UTC).timestamp() + 20 * 86_400, tz)

    store(ready, judged("1", 1), 1)
    send(ready, "holds", Hold(item=judged("1", 1), by="j.doyle", at=ago(3), why="R v Marsh", until=ago(-10)))
    monkeypatch.setattr("pipeline.cli.forget.dt", SimpleNamespace(datetime=Ahead, UTC=dt.UTC))
    ran = flagpost("forget", "--post", "x:1", "--why", "request 12", "--yes", "--timeout", "0")
    assert "20 days ahead of Kafka's" in ran.err
    assert ran.code != 0
    assert set(HoldBook(ready).held()) == {"x:1"}
    assert records(ready, "posts") == []


def test_what_would_be_forgotten_is_told_before_anything_is_done(
    ready: Settings, flagpost: Flagpost, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": document_id("x", "long-gone")}) + "\n")
    tried = flagpost("forget", "--post", "x:long-gone", "--why", "request 12", "--export", str(rows), "--dry-run")
    assert (tried.code, "1 rows in" in tried.out) == (0, True), "a file may be all that still has it"
    store(ready, judged("1", 1, author=Author(handle="@Sally_B")), 1)
    send(ready, "posts", post("1", author=Author(handle="@Sally_B")), post("2", author=Author(handle="sally")))
    send(ready, "posts", post("3", source="bluesky", author=Author(handle="sally")))
    tried = flagpost("forget", "--author", "sally_b", "--why", "request 12", "--dry-run")
    assert "1 in the index" in tried.out
    assert "1 in [posts]" in tried.out
    assert "Nothing was changed." in tried.out
    for arguments, code, sentence in (
        (
            ("--author", "sally", "--why", "request 12"),
            2,
            "Several sources have posts by such an author (bluesky 1, x 1)",
        ),
        (("--author", "sally", "--why", "of Sally, who asked"), 2, "--why names the author"),
        (("--post", "x:nobody", "--why", "request 12"), 2, "Nothing anywhere is about x:nobody"),
        (("--post", "nobody", "--why", "request 12"), 2, "is not source:id"),
        (("--why", "request 12"), 2, "Say whose posts, or which post."),
    ):
        ran = flagpost("forget", *arguments)
        assert (ran.code, sentence in ran.err) == (code, True), ran.err
    asked = flagpost("forget", "--author", "sally", "--source", "bluesky", "--why", "request 12", stdin="n\n")
    assert "Nothing was changed." in asked.out
    assert len(records(ready, "posts")) == 3
    assert audit_of(ready, "post-forgotten") == []
    assert {line["act"] for line in audit_of(ready, "forget-sought")} == {"forget-sought"}
