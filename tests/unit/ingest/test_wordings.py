"""An edit that its source does not call one is an edit all the same, and nothing that comes again is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.ingest.wordings import REMEMBERED, Wordings
from schemas.identity import version_of
from schemas.post import Post, PostDeleted
from tests.doubles.manual_clock import START
from tests.messages import item

POSTED = START - dt.timedelta(hours=1)


def post(text: str = "lost my cat", read: float = 0, **fields: Any) -> Post:
    """Read so many seconds after the start."""
    given = {
        "source": "x",
        "id": "1",
        "text": text,
        "created_at": POSTED,
        "read_at": START + dt.timedelta(seconds=read),
    }
    return Post(**{**given, **fields})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ingest" / "wordings.sqlite3"


def revised(file: Path, *posts: Post | PostDeleted, now: dt.datetime = START) -> list[dt.datetime]:
    """What one run makes of the posts: their revisions."""
    with Wordings(file, lambda: now) as wordings:
        return [wordings.revised(one).revision for one in posts]


def test_a_first_wording_and_its_repeats_have_the_revision_that_the_source_says(file: Path) -> None:
    assert revised(file, post(), post(read=5)) == [POSTED, POSTED]
    assert revised(file, post(read=99)) == [POSTED], "also in another run"


def test_a_new_wording_of_the_same_date_is_an_edit_made_when_it_was_read(file: Path) -> None:
    edited = START + dt.timedelta(seconds=9)
    assert revised(file, post(), post("there is a man with a gun", read=9)) == [POSTED, edited]


def test_what_was_read_before_has_the_revision_that_it_got_then(file: Path) -> None:
    both = [post(), post("there is a man with a gun", read=9)]
    once = revised(file, *both)
    again = [replace(one, read_at=START + dt.timedelta(hours=1)) for one in both]
    assert revised(file, *again) == once, "the whole file comes again"
    assert revised(file, *reversed(again)) == once[::-1]


def test_each_further_wording_is_newer_than_those_before_though_clocks_are_wrong(file: Path) -> None:
    slow = [post(), post("second", read=-7200), post("third", read=-7200), post("fourth", read=9)]
    found = revised(file, *slow)
    assert found == sorted(set(found))


def test_an_edit_that_says_so_has_its_own_date(file: Path) -> None:
    said = post("there is a man with a gun", read=9, edited_at=START)
    assert revised(file, post(), said, post("second thoughts", read=10, edited_at=START)) == [
        POSTED,
        START,
        START + dt.timedelta(seconds=10),
    ]


def test_posts_are_told_apart_and_deletions_are_left_alone(file: Path) -> None:
    gone = PostDeleted(source="x", id="1", deleted_at=START)
    assert revised(file, post(), post("another post", id="2"), gone) == [POSTED, POSTED, START]


def test_two_processes_share_what_they_remember(file: Path) -> None:
    with Wordings(file, lambda: START) as one, Wordings(file, lambda: START) as other:
        one.revised(post())
        one.save()
        assert other.revised(post("second", read=1)).revision > POSTED


def test_what_is_older_than_memory_is_forgotten(file: Path) -> None:
    revised(file, post())
    assert revised(file, post("second", read=1), now=START + REMEMBERED + dt.timedelta(seconds=1)) == [POSTED]


def test_memory_has_an_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ingest.wordings.MOST", 10)
    monkeypatch.setattr("pipeline.ingest.wordings.PRUNED_EVERY", 5)
    clock = iter(range(10**6))
    with Wordings(file, lambda: START + dt.timedelta(seconds=next(clock))) as wordings:
        for number in range(40):
            wordings.revised(post(id=str(number)))
            wordings.save()
        assert 10 <= wordings._database.execute("SELECT count(*) FROM wording").fetchone()[0] <= 15
        assert wordings.revised(post("second", id="39", read=1)).revision > POSTED, "the newest are remembered"


def test_a_file_that_can_not_be_used_stops_no_post(tmp_path: Path) -> None:
    broken = tmp_path / "wordings.sqlite3"
    broken.write_bytes(b"no database" * 1000)
    for file in (broken, Path("/dev/null/wordings.sqlite3")):
        assert revised(file, post(), post("second", read=1))[1] > POSTED, "this process remembers"


def test_no_text_is_kept(file: Path) -> None:
    revised(file, post("a very particular wording"))
    kept = b"".join(one.read_bytes() for one in file.parent.iterdir())
    assert b"particular" not in kept


def test_a_decision_on_the_old_wording_does_not_outrank_the_new_one_and_no_repeat_takes_one_back(file: Path) -> None:
    old, new = post(), post("there is a man with a gun", read=9)

    def versions(*posts: Post, reviews: int = 0) -> list[int]:
        with Wordings(file, lambda: START) as wordings:
            return [version_of(item(post=wordings.revised(one), reviews=reviews)) for one in posts]

    (before,) = versions(old)
    (dismissed,) = versions(old, reviews=1)
    (edited,) = versions(new)
    assert before < dismissed < edited
    (decided,) = versions(new, reviews=1)
    assert versions(old, new) == [before, edited]
    assert max(before, edited) < decided
