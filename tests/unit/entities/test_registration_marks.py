from __future__ import annotations

import pytest

from pipeline.entities.entities import entities_of
from pipeline.entities.registration_marks import as_typed


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("silver Golf AB32 CDE at the crossing", "AB32CDE"),
        ("AB32CDE.", "AB32CDE"),
        ("reg ab32 cde", "AB32CDE"),
        ("black corsa ab32cde lights on", "AB32CDE"),
        ("number plate: AB 32 CDE", "AB32CDE"),
        ("the van is AB32-CDE", "AB32CDE"),
        ("a car, P123 XYZ, no lights", "P123XYZ"),
        ("reg a12 bcd", "A12BCD"),
        ("old landrover ABC 123D", "ABC123D"),
        ("tractor BXZ 4471 outside Lisburn", "BXZ4471"),
        ("registration number is XYZ 789", "XYZ789"),
        ("reg no. 1234 AB", "1234AB"),
        ("plates AB32 CAT", "AB32CAT"),
        ("ＡＢ３２ ＣＤＥ", "AB32CDE"),
        ("\u200bAB32\u200b CDE", "AB32CDE"),
    ],
)
def test_a_mark_is_found_in_every_format(text: str, mark: str) -> None:
    assert entities_of(text).registration_marks == (mark,)


@pytest.mark.parametrize(
    "text",
    [
        "BT12 or 10PM whichever comes first",
        "got to SE15 AND NOW the road is taped off",
        "se15 lad nicked a car",
        "SE15 lad in a van",
        "A12 RTC, two cars",
        "M25 car fire",
        "BMW 320D for sale, no reg",
        "THE 5K was brutal, no car needed",
        "NIL 24 for the bus company",
        "AB01 CDE was never an age, car or not",
        "QB32 CDE has a letter that no mark has",
        "order AB32CDEF and @AB32CDE",
        "the reg starts AB32 and I missed the rest",
        "plate 118 behind the taxi",
        "partial plate AB32 on the van",
        "P123 XYZ is the code for 10% off",
        "see https://x.example/AB32CDE",
    ],
)
def test_what_only_looks_like_a_mark_is_none(text: str) -> None:
    assert entities_of(text).registration_marks == ()


@pytest.mark.parametrize("typed", ["AB32CDE", "ab32 cde", " Ab32-cDe "])
def test_a_mark_may_be_typed_in_any_way(typed: str) -> None:
    assert as_typed(typed) == "AB32CDE"
