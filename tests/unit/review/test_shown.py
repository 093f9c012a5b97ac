"""Decisions as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.cli.shown.review import as_object, became, decided, ordinal, with_note, without_effect
from pipeline.review.log import Entry, entries, is_named
from pipeline.review.submit import Submitted
from schemas import codec
from schemas.identity import document_id
from schemas.item import Decision
from schemas.review import Review
from tests.doubles.manual_clock import START
from tests.messages import review


def of(*reviews: Review) -> list[Entry]:
    return list(entries((offset, codec.encode(one)) for offset, one in enumerate(reviews)))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({}, "as the model said"),
        ({"label": "help_request", "grade": "immediate"}, "help request, immediate"),
        ({"label": "intel", "also": ["complaint"]}, "intel + complaint"),
        ({"label": "intel", "also": []}, "intel and no other label"),
        ({"also": []}, "and no other label"),
        ({"also": ["complaint"], "grade": "routine"}, "also complaint, routine"),
        ({"dismissed": True}, "dismissed"),
    ],
)
def test_what_was_decided_is_said_in_words(said: dict[str, Any], shown: str) -> None:
    assert decided(Decision(by="a.khan", at=START, **said)) == shown


def test_a_note_can_not_speak_to_the_terminal() -> None:
    assert (
        with_note(Decision(by="a.khan", at=START, dismissed=True, note="a \x1b[2J\nfilm")) == "dismissed (a ␛[2J film)"
    )


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (121, "121st")]
)
def test_decisions_are_counted_as_people_do(number: int, word: str) -> None:
    assert ordinal(number) == word


def test_who_is_overtaken_is_told_who_decided_what_and_how_to_insist() -> None:
    first, second = of(review(by="j.doyle", dismissed=True, note="a film set"), review())
    told = without_effect(Submitted(second, first))
    assert told.exit_code == 9
    assert "j.doyle, " in told.message
    assert "dismissed (a film set)" in told.message
    assert "--over" in told.hint


def test_who_decided_on_an_older_wording_is_told_to_look_again() -> None:
    first, second = of(review(minute=5), review())
    told = without_effect(Submitted(second, first))
    assert "was edited" in told.message
    assert "--over" not in told.hint


def test_who_comes_when_there_is_no_room_is_told_so() -> None:
    _, second = of(review(seen=1022), review(seen=1023))
    assert "1,023 decisions" in without_effect(Submitted(second, None)).message


def test_the_history_says_what_became_of_each() -> None:
    told = [became(one.fate) for one in of(review(minute=5), review(minute=5), review(), review(minute=6, seen=1023))]
    assert told == ["applied, the 1st", "overtaken", "outdated by an edit", "refused: too many decisions"]


def test_json_names_the_post_the_fate_and_the_decision() -> None:
    (one,) = of(review(grade="prompt"))
    told = as_object(one)
    assert (told["id"], told["uid"], told["fate"], told["number"]) == (document_id("x", "1"), "x:1", "applied", 1)
    assert told["decision"] == {"by": "a.khan", "at": "2026-08-15T12:01:00Z", "grade": "prompt"}


def test_a_post_is_named_by_its_uid_or_by_the_beginning_of_its_id() -> None:
    id = document_id("x", "a:1")
    assert is_named("x:a:1", "x:a:1")
    assert is_named("x:a:1", id)
    assert is_named("x:a:1", id[:6])
    assert not is_named("x:a:1", "")
    assert not is_named("x:a:1", "x:a")
