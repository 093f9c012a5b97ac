from __future__ import annotations

import pytest

from pipeline.entities import named_roads, numbered_roads
from pipeline.entities.entities import entities_of


@pytest.mark.parametrize(
    ("text", "roads"),
    [
        ("A27 shut both ways", ("A27",)),
        ("wrong way on the a14", ("A14",)),
        ("A303 is slow", ("A303",)),
        ("on the A1(M) now", ("A1(M)",)),
        ("b3092 closed", ("B3092",)),
        ("A59 now open both ways", ("A59",)),
        ("still no gritter #A48", ("A48",)),
        ("M1 J12 northbound", ("M1", "M1 J12")),
        ("junction 4 of the m5", ("M5", "M5 J4")),
        ("m62 westbound, j26", ("M62", "M62 J26")),
        ("M25 between J9 and J10", ("M25", "M25 J9", "M25 J10")),
        ("on Foundry Rd", ("Foundry Road",)),
        ("Foundry Road, by the Lidl", ("Foundry Road",)),
        ("running down foundry rd towards lidl", ("Foundry Road",)),
        ("over foundry road again", ("Foundry Road",)),
        ("FIGHT ON FOUNDRY RD NOW", ("Foundry Road",)),
        ("foundry ln flooded", ("Foundry Lane",)),
        ("corner of albert st and market street", ("Albert Street", "Market Street")),
        ("St. John's Rd", ("St Johns Road",)),
        ("st johns road is a race track", ("St Johns Road",)),
        ("on the high street", ("High Street",)),
        ("22 marlow close", ("Marlow Close",)),
        ("Marlow Close", ("Marlow Close",)),
        ("Peel Street Gardens", ("Peel Street Gardens",)),
        ("Avoid Queen Elizabeth Way", ("Queen Elizabeth Way",)),
    ],
)
def test_a_road_is_found(text: str, roads: tuple[str, ...]) -> None:
    assert entities_of(text).roads == roads


@pytest.mark.parametrize(
    "text",
    [
        "need A4 paper",
        "on A4 paper",
        "my B12 was low",
        "the M2 chip",
        "M99 is no motorway, the M99",
        "the Audi A3 next door",
        "gate A12",
        "a1 service",
        "down the road",
        "in the main road",
        "a country lane",
        "the bus lane",
        "no way",
        "on the way",
        "by the way",
        "too close to the edge",
        "has anyone Narcan close to here",
        "a lovely drive",
        "in a good place",
        "Dr Smith was brilliant",
        "in St Albans",
        "Crown Court",
        "Quality Street for everyone",
    ],
)
def test_what_only_looks_like_a_road_is_none(text: str) -> None:
    assert entities_of(text).roads == ()


@pytest.mark.parametrize(
    ("typed", "road"), [("m1 j12", "M1 J12"), ("M1 junction 12", "M1 J12"), ("a27", "A27"), ("a1(m)", "A1(M)")]
)
def test_a_numbered_road_may_be_typed_in_any_way(typed: str, road: str) -> None:
    assert numbered_roads.as_typed(typed) == road


@pytest.mark.parametrize("typed", ["Foundry Rd", "m1 foundry", "A27 by the pub", ""])
def test_what_is_typed_with_more_than_a_number_is_a_name(typed: str) -> None:
    assert numbered_roads.as_typed(typed) is None


@pytest.mark.parametrize("typed", ["foundry rd", "Foundry Road", "FOUNDRY RD."])
def test_a_road_may_be_typed_in_any_way(typed: str) -> None:
    assert named_roads.as_typed(typed) == "Foundry Road"
