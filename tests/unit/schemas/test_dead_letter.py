from __future__ import annotations

from schemas.dead_letter import DeadLetter
from tests.doubles.manual_clock import START


def test_headers_there_and_back() -> None:
    letter = DeadLetter(
        reason="bad_date",
        detail="it's 1970 – no",
        stage="classify",
        topic="posts",
        partition=3,
        offset=9,
        tries=2,
        dead_at=START,
    )
    assert DeadLetter.from_headers(letter.to_headers()) == letter


def test_strange_headers_are_no_reason_to_fail() -> None:
    assert DeadLetter.from_headers([("other", b"\xff")]).reason == "unknown"
