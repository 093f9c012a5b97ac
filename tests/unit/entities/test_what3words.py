from __future__ import annotations

import pytest

from pipeline.entities.entities import entities_of
from pipeline.entities.what3words import as_typed


@pytest.mark.parametrize(
    "text",
    [
        "///filled.count.soap",
        "stuck at /// Filled.Count.Soap, tide coming in",
        "https://what3words.com/filled.count.soap",
        "https://w3w.co/filled.count.soap?x=1",
        "what3words: filled.count.soap",
        "My what 3 words is filled.count.soap.",
        "W3W filled.count.soap",
    ],
)
def test_an_address_is_found_where_it_is_meant(text: str) -> None:
    assert entities_of(text).what3words == ("filled.count.soap",)


@pytest.mark.parametrize(
    "text",
    [
        "filled.count.soap",
        "so.tired.of it",
        "https://www.example.com/filled.count.soap",
        "///www.example.com",
        "///filled.count.soap.more",
        "what3words is great. " + "x" * 80 + " filled.count.soap",
    ],
)
def test_three_words_with_dots_alone_are_none(text: str) -> None:
    assert entities_of(text).what3words == ()


@pytest.mark.parametrize(
    "typed", ["filled.count.soap", "///filled.count.soap", "https://w3w.co/filled.count.soap", " Filled.Count.Soap"]
)
def test_an_address_may_be_typed_in_any_way(typed: str) -> None:
    assert as_typed(typed) == "filled.count.soap"
