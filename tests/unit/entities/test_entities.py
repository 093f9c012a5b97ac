"""What holds of any text, and of the figures that the patterns are kept to."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.entities import named_roads, numbered_roads, phones, places, postcodes, registration_marks, what3words
from pipeline.entities.entities import MOST, entities_of
from tests.entities.posts import HALVES, Half, judged, labelled

PIECES = st.sampled_from(
    [
        *(
            "AB12",
            "CDE",
            "ab12cde",
            "P123",
            "XYZ",
            "ABC 123D",
            "BXZ 4471",
            "reg",
            "plate",
            "car",
            "is",
            "in",
            "near",
            "at",
        ),
        *(
            "on",
            "the",
            "SE15",
            "M1",
            "J12",
            "A27",
            "A1(M)",
            "SN1 9ZX",
            "postcode",
            "07700",
            "900123",
            "+44 (0)",
            "£",
            "///",
        ),
        *(
            "filled.count.soap",
            "w3w",
            "St.",
            "st",
            "Rd",
            "road",
            "Foundry",
            "Dr",
            "Reading",
            "swindon",
            "Bishop",
            "Stoke",
        ),
        *(
            "Auckland",
            "on-Trent",
            "Kelly",
            ",",
            ".",
            "-",
            "'",
            "@",
            "#",
            "\u200b",
            "\u202e",
            "ﷺ",
            "👩‍👧",
            "ß",
            "ı",
            "Ⅷ",
            "²",
        ),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.sampled_from([" ", "  ", "\n"]), st.text(max_size=6)), max_size=40).map("".join)
SPACED = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=40).map(" ".join)

REPEATED = [
    *(
        "a",
        "A",
        "0",
        "1 ",
        "0-",
        "07 ",
        "(0",
        "+44 ",
        "///a.b",
        "w3w ",
        "w3w abc.def ",
        "St ",
        "Road ",
        "foundry road ",
        "x@",
    ),
    *(
        "AB12 ",
        "AB12 CD",
        "AB12 CDE ",
        "@",
        "in Bury St ",
        "J1 ",
        "M1 J",
        "M1 J1 ",
        "A1 and ",
        "J1 of the ",
        "reg ",
        "ﷺ",
    ),
    *("plate is ", "reg: 1A ", "a'", "SE15 ", "postcode is ", "order 07700 900123 ", "stoke-on-", "\u200b", "http://"),
]


@given(TEXTS | SPACED)
def test_what_is_found_is_found_again_by_typing_it(text: str) -> None:
    named = entities_of(text)
    assert all(registration_marks.as_typed(mark) == mark for mark in named.registration_marks)
    assert all(postcodes.as_typed(code) == code for code in named.postcodes)
    assert all(phones.as_typed(number) == number for number in named.phones)
    assert all(what3words.as_typed(words) == words for words in named.what3words)
    assert all((numbered_roads.as_typed(road) or named_roads.as_typed(road)) == road for road in named.roads)
    assert all(places.as_typed(town) == town for town in named.places)
    assert {name for name, _ in named.located} <= set(named.places)


@settings(max_examples=300)
@given(st.text(st.characters(), max_size=120) | TEXTS)
def test_any_text_can_be_read(text: str) -> None:
    entities_of(text)


@pytest.mark.parametrize("piece", REPEATED)
def test_the_largest_post_takes_no_time_whatever_it_repeats(piece: str) -> None:
    text = piece * (256 * 1024 // len(piece.encode()))
    entities_of("robbed in Swindon")  # the gazetteer is read once, and that is not what takes time here
    begin = time.process_time()
    entities_of(text)
    assert time.process_time() - begin < 2  # some 20 ms at the most; without bounds it would be minutes


def test_a_post_names_so_many_of_a_kind_and_no_more() -> None:
    named = entities_of(" ".join(f"on the A{number}" for number in range(100, 200)))
    assert len(named.roads) == MOST


def test_a_value_is_told_once_in_the_order_of_the_text() -> None:
    assert entities_of("B3092 closed, A27 shut, b3092 closed").roads == ("B3092", "A27")


def test_what_is_one_thing_is_not_another_too() -> None:
    named = entities_of("postcode M1 2AB, London Road, reg A12 BCD")
    assert (named.postcodes, named.roads, named.places) == (("M1 2AB",), ("London Road",), ())
    assert named.registration_marks == ("A12BCD",)


@pytest.mark.parametrize("half", HALVES)
def test_patterns_keep_their_figures(half: Half) -> None:
    """What ``python -m tests.entities`` prints, less a mistake or two."""
    scores, _ = judged(labelled(half))
    for kind, score in scores.items():
        assert score.named, kind
        assert score.precision >= 0.95, kind
        assert score.recall >= 0.85, kind
