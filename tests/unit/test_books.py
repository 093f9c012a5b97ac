from __future__ import annotations

from pipeline.books import Books, _add_up, _distinct
from schemas.dead_letter import DeadLetter
from schemas.outcome import Outcome, OutcomeKind, Outcomes
from tests.doubles.manual_clock import START


def batch(partition: int, *outcomes: Outcome) -> Outcomes:
    return Outcomes(
        topic="posts", partition=partition, model="m@1", activation=1, judged_at=START, outcomes=list(outcomes)
    )


def end(offset: int, outcome: OutcomeKind, uid: str | None = None) -> Outcome:
    return Outcome(offset=offset, outcome=outcome, uid_hash=uid)


def letter(stage: str, offset: int) -> DeadLetter:
    return DeadLetter(reason="bad", stage=stage, dead_at=START, topic="posts", partition=0, offset=offset)


DAY = [
    batch(0, end(0, "flagged", "a"), end(1, "chatter", "b"), end(2, "dead_lettered")),
    batch(1, end(0, "withdrawn", "a")),
]


def add_up(posts: int = 4, live: int = 0, tombstones: int = 1, letters: int = 1) -> Books:
    ends, repeats = _distinct(DAY)
    return _add_up(posts, ends, repeats, [letter("classify", 2)] * letters, live, tombstones)


def test_an_orderly_day_is_even() -> None:
    books = add_up()
    assert books.even
    assert books.by_outcome == {"flagged": 1, "chatter": 1, "dead_lettered": 1, "withdrawn": 1}


def test_a_lost_post_shows() -> None:
    assert [one.even for one in add_up(posts=5).sums] == [False, True, True]


def test_a_lost_document_shows() -> None:
    assert [one.even for one in add_up(tombstones=0).sums] == [True, False, True]


def test_a_lost_dead_letter_shows() -> None:
    assert [one.even for one in add_up(letters=0).sums] == [True, True, False]


def test_repeats_change_no_sum() -> None:
    ends, repeats = _distinct([*DAY, *DAY])
    assert repeats == 4
    assert _add_up(4, ends, repeats, [letter("classify", 2)] * 2, 0, 1).even
