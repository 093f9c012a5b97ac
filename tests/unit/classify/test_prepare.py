from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prepare import MAX_CHARACTERS, prepare


@pytest.mark.parametrize(
    ("original", "cleaned"),
    [
        ("plain words stay", "plain words stay"),
        ("  many   spaces\nand\tbreaks ", "many spaces and breaks"),
        ("kn\u200bife", "knife"),
        ("kni\u00adfe", "knife"),
        ("\u202eevil\u202c", "evil"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("cafe\u0301", "café"),
        ("ﬁght", "fight"),
        ("bell\x07 and \x1b[31mred", "bell and [31mred"),
        ("👮\u200d♂️ here", "👮\u200d♂️ here"),
        ("", ""),
        ("\u200b\u200b", ""),
        ("\ud800 lone surrogate", "lone surrogate"),
    ],
)
def test_what_a_reader_does_not_see_is_cleaned(original: str, cleaned: str) -> None:
    assert prepare(original).text == cleaned


def test_a_span_of_the_cleaned_text_leads_back_to_the_original() -> None:
    original = "lads  with a kn\u200bife\u200b outside"
    prepared = prepare(original)
    start = prepared.text.index("knife")
    first, last = prepared.original_span(start, start + len("knife"))
    assert original[first:last] == "kn\u200bife"


def test_a_composed_character_spans_all_that_it_came_from() -> None:
    prepared = prepare("ae\u0301z")
    assert prepared.original_span(1, 2) == (1, 3)


def test_long_texts_are_cut() -> None:
    assert len(prepare("a" * (MAX_CHARACTERS * 2)).text) == MAX_CHARACTERS


@given(st.text(max_size=200))
def test_any_text_can_be_prepared_and_traced_back(original: str) -> None:
    prepared = prepare(original)
    assert len(prepared.starts) == len(prepared.ends) == len(prepared.text)
    assert list(prepared.starts) == sorted(prepared.starts)
    for index in range(len(prepared.text)):
        first, last = prepared.original_span(index, index + 1)
        assert 0 <= first < last <= len(original)


@given(st.text(max_size=200))
def test_preparing_twice_changes_nothing(original: str) -> None:
    once = prepare(original).text
    assert prepare(once).text == once


@pytest.mark.parametrize("text", ["a" * 20_000, "\ufdfa" * 8_000, "é" * 20_000])
def test_no_text_becomes_longer_than_is_read(text: str) -> None:
    assert len(prepare(text).text) == MAX_CHARACTERS


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("he has a knіfe", "he has a knife"),
        ("НЕLР mе", "HELP me"),
        ("send a соp to the роliсе", "send a cop to the police"),
    ],
)
def test_letters_that_pose_as_latin_ones_are_read_as_latin(disguised: str, plain: str) -> None:
    prepared = prepare(disguised)

    assert prepared.text == plain
    assert prepared.original_span(0, len(plain)) == (0, len(disguised))


@pytest.mark.parametrize("text", ["Привет, сорок рублей", "Γειά σου Κόσμε", "café naïve Zoë", "Straße ПОМОЩЬ now"])
def test_words_of_other_scripts_stay(text: str) -> None:
    assert prepare(text).text == text
