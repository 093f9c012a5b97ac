"""What an analyst says, and what is decided by that."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.errors import InvalidInput
from pipeline.review.decision import Said, decision_on
from schemas.item import Decision
from tests.doubles.manual_clock import START
from tests.messages import item


def before(**decided: Any) -> Decision:
    return Decision(by="j.doyle", at=START, **decided)


def decided(review: Decision | None = None, **said: Any) -> dict[str, Any]:
    """What is decided on an item that the model called intel, also complaint, routine; without by and at."""
    verdict = msgspec.structs.replace(item().verdict, also=["complaint"])
    decision = decision_on(item(verdict=verdict, review=review), Said(**said), "a.khan", START)
    assert (decision.by, decision.at) == ("a.khan", START)
    found: dict[str, Any] = msgspec.to_builtins(decision)
    return {name: value for name, value in found.items() if name not in ("by", "at")}


def test_what_is_not_said_stays_as_the_model_said() -> None:
    assert decided(grade="prompt") == {"grade": "prompt"}
    assert decided(confirmed=True) == {}
    assert decided(note=" seen from the bus ") == {"note": "seen from the bus"}


def test_what_is_not_said_stays_as_it_was_decided_before_but_for_the_note() -> None:
    review = before(label="help_request", also=[], grade="immediate", note="caller on line")
    assert decided(review, grade="prompt") == {"label": "help_request", "also": [], "grade": "prompt"}


def test_other_labels_are_taken_in_the_order_of_labels_and_once() -> None:
    assert decided(also=("complaint", "help_request", "complaint")) == {"also": ["help_request", "complaint"]}
    assert decided(also=()) == {"also": []}


def test_a_new_label_is_no_other_label_any_more() -> None:
    assert decided(before(also=["complaint"]), label="complaint") == {"label": "complaint", "also": []}


def test_dismissing_says_nothing_else() -> None:
    assert decided(before(label="complaint", grade="prompt"), dismissed=True) == {"dismissed": True}
    assert decided(before(dismissed=True), note="a film set") == {"dismissed": True, "note": "a film set"}


def test_a_label_or_a_grade_takes_a_dismissal_back() -> None:
    assert decided(before(dismissed=True), label="intel") == {"label": "intel"}
    assert decided(before(dismissed=True), grade="routine") == {"grade": "routine"}
    assert decided(before(dismissed=True), dismissed=False) == {}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "Nothing was decided"),
        ({"dismissed": True, "grade": "prompt"}, "has no label and no grade"),
        ({"dismissed": True, "also": ()}, "has no label and no grade"),
        ({"also": ("intel",)}, "The label is intel already"),
        ({"label": "complaint", "also": ("complaint",)}, "The label is complaint already"),
        ({"note": "x" * 1025}, "The note is too long"),
        ({"note": "bad \udcff"}, "is not UTF-8"),
    ],
)
def test_what_can_not_be_meant_is_refused(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        decided(**said)


@pytest.mark.parametrize("by", ["", "  ", "x" * 513])
def test_nobody_decides_without_a_name(by: str) -> None:
    with pytest.raises(InvalidInput, match="name is too long or empty"):
        decision_on(item(), Said(confirmed=True), by, START)
