from __future__ import annotations

import pytest

from pipeline.entities.entities import entities_of
from pipeline.entities.postcodes import as_typed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("22 Marlow Avenue, B17 8QZ", "B17 8QZ"),
        ("SW1A1AA", "SW1A 1AA"),
        ("we are at sw1a 1aa", "SW1A 1AA"),
        ("postcode is ct147pe", "CT14 7PE"),
        ("anyone in the LS6 area", "LS6"),
        ("ls6 area", "LS6"),
        ("postcode m6", "M6"),
        ("in SE15 now", "SE15"),
        ("in E8 now", "E8"),
        ("stabbing in peckham SE15", "SE15"),
    ],
)
def test_a_postcode_is_found(text: str, code: str) -> None:
    assert entities_of(text).postcodes == (code,)


@pytest.mark.parametrize(
    "text",
    [
        "M6 4hr delay",
        "m6 5th time this month",
        "B12 4TH injection",
        "ZZ1 1AA is nowhere",
        "put WD40 on it",
        "CO2 in the air, a rise in CO2",
        "E10 petrol",
        "in M25 traffic",
        "in B12 there is iron",
        "in S10 the camera is better",
        "BT12 or 10PM",
        "an mp3 in HD4K",
        "@SE15_news and #SE15",
    ],
)
def test_what_only_looks_like_a_postcode_is_none(text: str) -> None:
    assert entities_of(text).postcodes == ()


@pytest.mark.parametrize(("typed", "code"), [("sw1a 1aa", "SW1A 1AA"), ("Sw1A1aA", "SW1A 1AA"), (" sn1 ", "SN1")])
def test_a_postcode_may_be_typed_in_any_way(typed: str, code: str) -> None:
    assert as_typed(typed) == code
