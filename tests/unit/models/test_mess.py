"""Mess changes how a text looks, never what it says."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation import mess
from models.prepare import prepare
from models.training.augment import messed
from models.training.recipe import RELEASE, Recipe, read_recipe

TEXT = "@CityPolice HELP!! he's got a knife, Mill Lane 😱 https://t.co/x1 £20"
SHARES = (
    "strip_all",
    "strip_links",
    "strip_handles",
    "mask",
    "strip_emoji",
    "typos",
    "strip_punctuation",
    "lower",
    "shout",
)


def only(*certain: str) -> Recipe:
    return msgspec.structs.replace(read_recipe(RELEASE), **{share: float(share in certain) for share in SHARES})


def test_form_is_taken_away_but_never_the_words() -> None:
    recipe = only("strip_links", "strip_handles", "strip_emoji", "strip_punctuation")

    assert messed(TEXT, recipe, random.Random(0)) == "HELP hes got a knife Mill Lane £20"


def test_all_of_it_may_go_at_once() -> None:
    assert messed(TEXT, only("strip_all"), random.Random(0)) == "help hes got a knife mill lane £20"


def test_nothing_happens_by_chance_zero() -> None:
    assert messed(TEXT, only(), random.Random(0)) == TEXT


@pytest.mark.parametrize("text", ["👍", "@CityPolice", "https://t.co/x1", "..."])
def test_a_text_that_is_all_form_stays(text: str) -> None:
    assert (
        messed(text, only("strip_links", "strip_handles", "strip_emoji", "strip_punctuation"), random.Random(0)) == text
    )


def test_shouting_leaves_handles_and_links_alone() -> None:
    assert mess.shouting("ask @citypolice at https://t.co/aB please", random.Random(0)) == (
        "ASK @citypolice AT https://t.co/aB PLEASE"
    )


def test_masking_is_that_of_public_collections() -> None:
    assert mess.masked(TEXT, random.Random(0)) == "@user HELP!! he's got a knife, Mill Lane 😱 http £20"


@pytest.mark.parametrize("disguise", [mess.homoglyphs, mess.zero_width])
def test_cleaning_undoes_every_disguise(disguise: mess.Mess) -> None:
    text = "please send somebody quickly, there is a man with an axe outside Carter's Yard " * 5

    assert disguise(text, random.Random(1)) != text
    assert prepare(disguise(text, random.Random(1))).text == text.strip()


def test_no_mess_touches_a_link() -> None:
    for seed in range(50):
        for change in (mess.typos, mess.homoglyphs, mess.zero_width):
            assert "https://t.co/x1" in change(TEXT, random.Random(seed))


def test_emoji_are_no_punctuation() -> None:
    assert mess.without_punctuation("help 😱 me, now!", random.Random(0)) == "help 😱 me now"


def test_typos_change_a_few_words_and_no_handle() -> None:
    text = "@CityPolice somebody should really look behind the leisure centre every single evening " * 20

    changed = mess.typos(text, random.Random(3))
    apart = sum(one != other for one, other in zip(text.split(), changed.split(), strict=True))

    assert 0.05 < apart / len(text.split()) < 0.2
    assert changed.count("@CityPolice") == 20


@given(st.text(max_size=80), st.sampled_from(sorted(mess.MESSES)), st.integers(0, 9))
def test_no_text_is_too_odd_for_a_mess(text: str, kind: str, seed: int) -> None:
    make = mess.MESSES[kind]

    assert make(text, random.Random(seed)) == make(text, random.Random(seed))
    assert bool(make(text, random.Random(seed))) == bool(text)
