"""Whether a text has words that the model can read, and is English at all: it knows no other language."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

ENGLISH: Final = frozenset({"en", "pcm", "sco"})
"""With Nigerian Pidgin and Scots, which the corpus has and the model reads."""
LEAST_CONFIDENCE: Final = 0.9
"""A post in English that is taken for another language is lost: no doubt is allowed."""
LEAST_WORDS: Final = 4
UNKNOWN: Final = "und"
"""ISO 639's code for a language that nobody named."""

_HANDLE_OR_LINK: Final = re.compile(r"https?://\S+|@\w+")
_NO_LANGUAGE: Final = re.compile(r"https?://\S+|[@#]\w+|[^\w\s'’]|[\d_]")
_BEYOND_ASCII: Final = re.compile(r"[^\W\d_a-zA-Z]")
"""A letter that English does not have."""

_ENGLISH_WORDS: Final = frozenset(
    """
    about after again always anyone anything around because been before being could did does doesn't don't
    didn't doing done down each every everyone everything from going got haven't he's here him how i'm i've
    isn't it's know many much never nobody nothing off only other our people really she she's should since
    someone something than that that's the their them then there there's they they're think this those through
    until very wasn't were what what's when where which while who who's why with without won't would you you're
    your
    """.split()  # noqa: SIM905
)
"""None is a common word of another language that is written with 26 letters: not *was*, *and*, *has*, *over*, *still*."""
ENOUGH_ENGLISH_WORDS: Final = 2
"""So many different ones make a text English without a look at the rest, which takes thirty times as long: that settles four
posts of five. On none of the corpus does it say anything else (tests/unit/models/test_language.py).
"""

_END_OF_SENTENCE: Final = re.compile(r"[.!?;:|/\n\u2026\u2013\u2014\u0964\u061f\u3002]+\s*|(?<=\w),\s")
_MOSTLY: Final = 0.6


def has_words(text: str) -> bool:
    """Whether anything stands in a text beside handles, links, emoji and punctuation."""
    return any(character.isalnum() for character in _HANDLE_OR_LINK.sub(" ", text))


def other_language(text: str) -> str | None:
    """The ISO 639 code of the text's language when it is surely not English, None otherwise.

    Handles, hashtags, links, digits and emoji have no language. A text mostly in another script than Latin is not English,
    whichever language it is; and one that has a sentence in English is, whatever else it has: an emergency told in two
    languages must be read.
    """
    only_ours = not _BEYOND_ASCII.search(text)
    if only_ours and len(_ENGLISH_WORDS.intersection(text.lower().replace("’", "'").split())) >= ENOUGH_ENGLISH_WORDS:
        return None
    words = _NO_LANGUAGE.sub(" ", text)
    if words.isascii() and len(words.split()) < LEAST_WORDS:
        return None
    letters = [character for character in words if character.isalpha()]
    if not letters:
        return None
    language, confidence = _identifier().classify(words)
    other_script = not only_ours and sum(map(_is_of_another_script, letters)) >= _MOSTLY * len(letters)
    sure = language not in ENGLISH and confidence >= LEAST_CONFIDENCE and len(words.split()) >= LEAST_WORDS
    if not (other_script or sure) or _has_an_english_sentence(text):
        return None
    return UNKNOWN if language in ENGLISH else str(language)


def load_identifier() -> None:
    """Loads what tells languages apart, once in a process; `other_language` needs it for one text of five.

    Raises `OSError` where it can't be unpacked: for a moment that takes 65 MiB in the folder for temporary files.
    """
    _identifier()


def _has_an_english_sentence(text: str) -> bool:
    sentences = (_NO_LANGUAGE.sub(" ", part) for part in _END_OF_SENTENCE.split(text))
    return any(
        len(sentence.split()) >= LEAST_WORDS and _identifier().classify(sentence)[0] in ENGLISH
        for sentence in sentences
    )


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _is_of_another_script(letter: str) -> bool:
    return not letter.isascii() and not unicodedata.name(letter, "").startswith("LATIN")
