from __future__ import annotations

import pytest

from pipeline.entities.reading import MOST_CHARACTERS, Reading


def test_handles_links_and_addresses_are_blanks_of_their_own_length() -> None:
    text = "@SwindonNews see https://x.example/a27 or www.x.example, mail a.b@x.example now"
    reading = Reading.of(text)
    assert reading.whole == text
    assert len(reading.text) == len(text)
    assert reading.text.split() == ["see", "or", "mail", "now"]


def test_what_nobody_sees_is_not_read_and_look_alikes_are_what_they_look_like() -> None:
    assert Reading.of("ＡＢ\u200b12  \u0421DE, St John\u2019s").text == "AB12 CDE, St John's"


def test_of_a_long_text_the_beginning_is_read() -> None:
    assert len(Reading.of("a word " * 60_000).text.rstrip()) in range(MOST_CHARACTERS - 6, MOST_CHARACTERS + 1)
    assert len(Reading.of("\ufdfa" * 60_000).text) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("text", "shouted"),
    [("FIGHT ON HIGH STREET", True), ("Fight on High Street", False), ("AB12 CDE is a car", False), ("", False)],
)
def test_a_post_that_is_mostly_capitals_is_shouted(text: str, shouted: bool) -> None:
    assert Reading.of(text).shouted is shouted
