"""English in all its forms stays; what is surely another language is named."""

from __future__ import annotations

import pytest

from models import language as languages
from models.language import has_words, other_language
from models.prepare import prepare
from models.training.dataset import read_corpus


@pytest.mark.parametrize(
    "text",
    [
        "",
        "👍👍",
        "@CityPolice https://t.co/x1",
        "ok",
        "still nothing",
        "non",
        "innit bruv man got his phone jacked outside chicken shop",
        "abeg make una come see wetin dey happen for this junction",
        "gonnae get the polis doon here theres a boy wi a chib",
        "Powai police station officer taking paisa, please take action against them",
        "pls help me sir my mobile is stolen at metro gate no 3",
        "café naïve résumé über",
    ],
)
def test_english_is_english(text: str) -> None:
    assert other_language(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Me robaron el móvil en la estación, ¿a dónde tengo que ir para denunciarlo?", "es"),
        ("Wczoraj ktoś ukradł mi rower spod klatki, gdzie mogę to zgłosić?", "pl"),
        ("Hat jemand den Unfall auf der Autobahn gesehen? Bitte melden", "de"),
        ("@HeddluArfon Diolch o galon i'r heddlu a phawb ddaeth i helpu neithiwr", "cy"),
        ("пожалуйста помогите пропал ребенок", "ru"),
        ("میرا موبائل چوری ہو گیا ہے کوئی مدد کرے", "ur"),
    ],
)
def test_another_language_is_named(text: str, language: str) -> None:
    assert other_language(text) == language


def test_two_english_words_say_what_a_look_at_the_whole_text_says(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [prepare(one.text).text for one in read_corpus()]
    shortly = [other_language(text) for text in texts]
    monkeypatch.setattr(languages, "ENOUGH_ENGLISH_WORDS", 10_000)
    assert shortly == [other_language(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("gestern wurde mir das Rad geklaut, what a day, bitte melden wer etwas gesehen hat", "de"),
        ("mi hanno rubato la bici ieri sera alla stazione, what the hell", None),
        ("ayer por la tarde me robaron la cartera en el metro y estoy without dinero ni tarjeta", "es"),
    ],
)
def test_a_word_of_english_is_not_english_and_two_are(text: str, language: str | None) -> None:
    assert other_language(text) == language


@pytest.mark.parametrize(
    ("text", "words"), [("", False), ("👍", False), ("@CityPolice http://x.y ?", False), ("@CityPolice 14", True)]
)
def test_words_are_what_is_left_without_handles_links_and_signs(text: str, words: bool) -> None:
    assert has_words(text) == words


def test_another_script_is_never_english() -> None:
    assert other_language("मदद करो मेरा बेटा खो गया @CityPolice please") not in (None, "en")
    assert other_language("ᚠᚢᚦᚨᚱᚲ ᚷᚹᚺᚾᛁᛃ ᛇᛈᛉᛊᛏ ᛒᛖᛗᛚ") not in (None, "en")


@pytest.mark.parametrize(
    "text",
    [
        "Man with a knife outside the school on Mill Lane. Mężczyzna z nożem pod szkołą, proszę o policję",
        "¡Ayuda! Hay un hombre con un cuchillo en la plaza. He is stabbing my sister at 14 Mill Lane",
        "पुलिस कृपया जल्दी आइए मेरा बेटा खो गया है। My son is lost near the bus stand",
    ],
)
def test_a_post_that_says_it_in_english_too_is_read(text: str) -> None:
    assert other_language(text) is None
