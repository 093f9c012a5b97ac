"""The words that carried a verdict: token shares merged into words and short phrases of the original text."""

from __future__ import annotations

from typing import Final

from models.classifier import Judgement
from pipeline.classify.prepare import Prepared
from schemas.labels import LABELS, Label
from schemas.verdict import Reason

MOST_REASONS: Final = 5
LEAST_PART: Final = 0.15
"""A word is named from this part of the strongest word's share on."""
LONGEST: Final = 256
"""Characters of a reason (schemas/verdict.py bounds it)."""


def reasons_for(label: Label, judgement: Judgement, prepared: Prepared) -> list[Reason]:
    """At most `MOST_REASONS` words or phrases that spoke for ``label``, strongest first.

    The shares of a word's pieces add up; so do those of neighbouring words that are both named.
    """
    words = _words(judgement, LABELS.index(label), prepared.text)
    strongest = max((share for _, _, share in words), default=0.0)
    if strongest <= 0:
        return []
    named = [word for word in words if word[2] >= LEAST_PART * strongest]
    phrases = sorted(_phrases(named, prepared.text), key=lambda phrase: -phrase[2])[:MOST_REASONS]
    reasons = []
    for start, end, share in phrases:
        first, last = prepared.original_span(start, end)
        last = min(last, first + LONGEST)
        reasons.append(Reason(prepared.original[first:last], first, last, round(share, 4)))
    return reasons


def _words(judgement: Judgement, column: int, text: str) -> list[tuple[int, int, float]]:
    """(start, end, share) of every word: tokens that touch each other belong to one, unless punctuation parts them."""
    words: list[tuple[int, int, float]] = []
    for (start, end), share in zip(judgement.spans, judgement.shares[:, column].tolist(), strict=True):
        if start >= end:
            continue
        if words and words[-1][1] == start and _is_word(text[start]) and _is_word(text[start - 1]):
            first, _, sum_ = words[-1]
            words[-1] = (first, end, sum_ + share)
        else:
            words.append((start, end, share))
    return [word for word in words if any(_is_word(c) or not c.isascii() for c in text[word[0] : word[1]])]


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "_'@#"


def _phrases(words: list[tuple[int, int, float]], text: str) -> list[tuple[int, int, float]]:
    """Joins named words that only white space parts, up to three words."""
    phrases: list[tuple[int, int, float]] = []
    joined = 0
    for start, end, share in words:
        if phrases and joined < 3 and text[phrases[-1][1] : start].isspace():
            first, _, sum_ = phrases[-1]
            phrases[-1] = (first, end, sum_ + share)
            joined += 1
        else:
            phrases.append((start, end, share))
            joined = 1
    return phrases
