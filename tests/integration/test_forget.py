"""`flagpost forget` on a real Kafka and a real Elasticsearch; whether it comes back is in test_retention.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.settings import Settings
from schemas.identity import document_id
from schemas.post import Author
from tests.found import records
from tests.integration.kept import (
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
