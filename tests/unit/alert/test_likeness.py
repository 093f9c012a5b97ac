"""Near-duplicates: reposts and light edits are alike, different posts are not, and a likeness never changes."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.mess import MESSES
from pipeline.alert.likeness import LEAST_ALIKE, LEAST_WORDS, PERMUTATIONS, alike, likeness, one_story
from pipeline.settings import ROOT

TEXT = "theres smoke coming out the ceiling in the pier arcade and the back door is LOCKED, about 20 of us in here"


def same(one: str, other: str) -> bool:
    return alike(likeness(one), likeness(other)) >= LEAST_ALIKE


@pytest.mark.parametrize(
    "repost",
    [
        TEXT,
        f"RT @jo_b: {TEXT}",
        f"{TEXT} please share 🙏 #Brackness https://t.co/abc",
        TEXT.upper(),
        f"@SandhavenPolice {TEXT}!!!",
        TEXT.replace("about 20", "about 30"),
        TEXT.replace("ceiling", "celing"),
        f"omg this is right by me, {TEXT}",
    ],
)
def test_a_repost_and_a_light_edit_are_the_same_story(repost: str) -> None:
    assert same(TEXT, repost)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, "erm. theres smoke coming out the ceiling in here"),
        (
            "man with a knife on Foundry Road please send someone",
            "man with a knife on Castle Street please send someone",
        ),
        ("please send help", "please send help"),
        ("", ""),
        (TEXT, "lovely sunset over the bay tonight, chips on the front, happy days"),
    ],
)
def test_different_emergencies_are_different_stories(one: str, other: str) -> None:
    assert not same(one, other)


def test_the_same_words_of_two_places_are_two_stories() -> None:
    sketch = likeness(TEXT)
    assert one_story(sketch, sketch, "Castle Sands", "castle sands")
    assert one_story(sketch, sketch, "Castle Sands", None)
    assert not one_story(sketch, sketch, "Castle Sands", "Tarn Point")


def test_of_the_demos_saturday_all_that_is_alike_tells_the_same() -> None:
    """Measured: of 1.4 million pairs of different posts only edits of one post, and reposts of it, are alike."""
    posts: dict[str, str] = {}
    for line in (ROOT / "deploy" / "demo" / "saturday.jsonl").read_bytes().splitlines():
        try:
            body = msgspec.json.decode(line)
            posts.setdefault(str(body["id"]), body["text"])
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            continue
    texts = list(dict.fromkeys(text for text in posts.values() if isinstance(text, str)))[:600]
    sketches = [sketch for text in texts if (sketch := likeness(text))]
    twins = [(i, j) for i in range(len(sketches)) for j in range(i) if alike(sketches[i], sketches[j]) >= LEAST_ALIKE]
    assert twins == []


@pytest.mark.parametrize("mess", MESSES.values(), ids=MESSES)
def test_however_messy_it_is_written_it_is_the_same_post(mess: Callable[[str, random.Random], str]) -> None:
    assert same(TEXT, mess(TEXT, random.Random(1)))


def test_a_likeness_is_the_same_in_every_process_and_version() -> None:
    """It stands in topics that outlive this process: a change here makes open alerts forget their stories."""
    sketch = likeness(TEXT)
    assert sketch[:4] == [7642834, 3224725, 17074391, 95894677]
    command = f"from pipeline.alert.likeness import likeness; print(likeness({TEXT!r}))"
    told = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    ).stdout
    assert told.strip() == str(sketch)


def test_a_likeness_fits_its_field() -> None:
    sketch = likeness(TEXT)
    assert len(sketch) == PERMUTATIONS <= 64
    assert all(0 <= value < 2**32 for value in sketch)


def test_who_only_compares_loads_no_library() -> None:
    command = "import sys, pipeline.alert.likeness; print('datasketch' in sys.modules, 'scipy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False", "False"]


@given(st.text())
def test_any_text_has_a_likeness_that_is_like_itself(text: str) -> None:
    sketch = likeness(text)
    assert alike(sketch, sketch) == (1.0 if sketch else 0.0)


@given(st.lists(st.text("abcdefg", min_size=1, max_size=6), max_size=LEAST_WORDS - 1))
def test_what_says_too_little_is_like_nothing(words: list[str]) -> None:
    assert likeness(" ".join(words)) == []
