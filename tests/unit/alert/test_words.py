"""Words and phrases of rules, found in what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.words import finder, plain


def finds(word: str, text: str) -> bool:
    pattern = finder([word])
    assert pattern is not None
    return pattern.search(plain(text)) is not None


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("knife", "he has a KNIFE."),
        ("knife", "#knife on the bus"),
        ("stab*", "someone got stabbed"),
        ("stab*", "a stab vest"),
        ("county lines", "it's County-Lines again"),
        ("county lines", "county\n lines"),
        ("won't let me", "he won\u2019t let me out"),
        ("Straße", "an der STRASSE"),
        ("machete", "m\u0430chete"),  # a Cyrillic a
        ("machete", "mach\u200bete"),
        ("🔪", "bring a🔪tonight"),
        ("£20", "only £20 each"),
    ],
)
def test_a_word_is_found_however_it_is_written(word: str, text: str) -> None:
    assert finds(word, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("gun", "it had begun at the gunnery"),
        ("stab", "a stable door"),
        ("knife", "@knife you there"),
        ("knife", "see https://shop.example/knife"),
        ("knife", "www.knife.example sells them"),
        ("county lines", "the county has lines"),
        ("£20", "£200"),
    ],
)
def test_a_part_of_a_word_a_handle_and_a_link_are_no_word(word: str, text: str) -> None:
    assert not finds(word, text)


def test_no_words_find_nothing_and_say_so() -> None:
    assert finder([]) is None


@given(st.lists(st.text(min_size=1).filter(lambda word: word.strip().strip("*")), min_size=1, max_size=5), st.text())
def test_any_words_make_a_pattern_that_reads_any_text(words: list[str], text: str) -> None:
    pattern = finder(words)
    assert pattern is not None
    pattern.search(plain(text))


@given(st.text("abcdefgh ", min_size=1).filter(str.strip), st.text("xyz .,!\n"), st.text("xyz .,!\n"))
def test_a_phrase_is_found_between_others(phrase: str, before: str, after: str) -> None:
    assert finds(phrase.strip(), f"{before} {phrase} {after}")
