"""Whether a text is English at all. The model knows no other language."""

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

_NO_LANGUAGE: Final = re.compile(r"https?://\S+|[@#]\w+|[^\w\s'’]|[\d_]")
_MOSTLY: Final = 0.6


def other_language(text: str) -> str | None:
    """The ISO 639 code of the text's language when it is surely not English, None otherwise.

    Handles, hashtags, links, digits and emoji have no language. A text mostly in another script than Latin is not English,
    whichever language it is.
    """
    words = _NO_LANGUAGE.sub(" ", text)
    if words.isascii() and len(words.split()) < LEAST_WORDS:
        return None
    letters = [character for character in words if character.isalpha()]
    if not letters:
        return None
    language, confidence = _identifier().classify(words)
    foreign = sum(not character.isascii() and not _is_latin(character) for character in letters)
    if foreign >= _MOSTLY * len(letters):
        return UNKNOWN if language in ENGLISH else str(language)
    if language in ENGLISH or confidence < LEAST_CONFIDENCE or len(words.split()) < LEAST_WORDS:
        return None
    return str(language)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN")
