"""Every number here is one that Ofcom keeps for drama."""

from __future__ import annotations

import pytest

from pipeline.entities.entities import entities_of
from pipeline.entities.phones import as_typed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("call 07700 900123", "+447700900123"),
        ("07700900123.", "+447700900123"),
        ("tel:07700900123 or phone:+447700900123", "+447700900123"),
        ("07700-900-123", "+447700900123"),
        ("(07700) 900 123", "+447700900123"),
        ("+44 7700 900123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("447700900123", "+447700900123"),
        ("020 7946 0991", "+442079460991"),
        ("01632 960 555 or so", "+441632960555"),
        ("０７７００ ９００１２３", "+447700900123"),
        ("+1 202 555 0123", "+12025550123"),
    ],
)
def test_a_number_is_found_however_it_is_written(text: str, number: str) -> None:
    assert entities_of(text).phones == (number,)


@pytest.mark.parametrize(
    "text",
    [
        "999 or 101, or 0800 1111",
        "paid £07700900123 for it",
        "order 07700 900123 never came",
        "case 07/900123/26",
        "01-02-2026 10:30",
        "at 10:07700 900123",
        "09.11.2026 1830",
        "ref 00123456789012",
        "943 476 5919",
        "AB32 CDE",
        "0123456789",
        "07700 9001",
    ],
)
def test_what_can_not_be_rung_is_no_number(text: str) -> None:
    assert entities_of(text).phones == ()


def test_two_numbers_in_one_sentence_are_two() -> None:
    assert entities_of("07700 900555 or 07700 900556").phones == ("+447700900555", "+447700900556")


def test_what_is_typed_is_read_like_what_was_posted_and_nonsense_is_none() -> None:
    assert as_typed("07700 900 123") == "+447700900123"
    assert as_typed("soap") is None
    assert as_typed("12") is None
