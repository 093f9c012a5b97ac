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


def test_a_header_that_is_unreadable_spoils_no_other() -> None:
    headers = [("flagpost-partition", b"abc"), ("flagpost-dead_at", b"then"), ("flagpost-reason", b"not_json")]
    letter = DeadLetter.from_headers([*headers, ("flagpost-offset", b"7"), ("flagpost-new_field", b"1")])
    assert (letter.reason, letter.partition, letter.offset) == ("not_json", None, 7)
