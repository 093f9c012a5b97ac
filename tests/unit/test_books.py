from __future__ import annotations

from pipeline.books import Books, Letter, _distinct, add_up
from schemas.dead_letter import DeadLetter
from schemas.outcome import Outcome, OutcomeKind, Outcomes
from tests.doubles.manual_clock import START


def batch(partition: int, *outcomes: Outcome) -> Outcomes:
    return Outcomes(
        topic="posts", partition=partition, model="m@1", activation=1, judged_at=START, outcomes=list(outcomes)
    )


def end(offset: int, outcome: OutcomeKind, uid: str | None = None) -> Outcome:
    return Outcome(offset=offset, outcome=outcome, uid_hash=uid)


def letter(stage: str, offset: int) -> Letter:
    why = DeadLetter(reason="bad", stage=stage, dead_at=START, topic="posts", partition=0, offset=offset)
    return Letter(why, b"x:1")


DAY = [
    batch(0, end(0, "flagged", "a"), end(1, "chatter", "b"), end(2, "dead_lettered")),
    batch(1, end(0, "withdrawn", "a")),
]


def books(first: int = 0, last: int = 3, tombstones: int = 1, letters: int = 1, missing: int = 0) -> Books:
    ends, repeats = _distinct(DAY)
    posts = {0: (first, last), 1: (0, 1)}
    return add_up(posts, ends, repeats, [letter("classify", 2)] * letters, 0, tombstones, missing)


def test_an_orderly_day_is_even() -> None:
    assert books().even
    assert books().by_outcome == {"flagged": 1, "chatter": 1, "dead_lettered": 1, "withdrawn": 1}


def test_a_lost_post_shows() -> None:
    assert [one.even for one in books(last=4).sums] == [False, True, True]


def test_a_lost_document_shows() -> None:
    assert [one.even for one in books(tombstones=0).sums] == [True, False, True]


def test_a_document_that_nobody_can_store_is_accounted_for() -> None:
    assert books(tombstones=0, missing=1).even


def test_a_lost_dead_letter_shows() -> None:
    assert [one.even for one in books(letters=0).sums] == [True, True, False]


def test_what_retention_took_away_is_not_missed() -> None:
    assert books(first=2).even


def test_repeats_change_no_sum() -> None:
    ends, repeats = _distinct([*DAY, *DAY])
    assert repeats == 4
    assert add_up({0: (0, 3), 1: (0, 1)}, ends, repeats, [letter("classify", 2)] * 2, 0, 1, 0).even


def test_dead_letters_of_what_retention_took_away_are_not_counted_either() -> None:
    ends, repeats = _distinct([batch(0, end(9, "chatter", "b"))])
    assert add_up({0: (9, 10)}, ends, repeats, [letter("classify", 2)], 0, 0, 0).even
