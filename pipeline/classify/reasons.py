"""The words that carried a verdict: token shares merged into words and short phrases of the original text."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from models.classifier import Judgement
from models.prepare import Prepared
from schemas.labels import LABELS, Label
from schemas.verdict import Reason

MOST_REASONS: Final = 5
LEAST_PART: Final = 0.25
"""A word is named from this part of the strongest word's share on."""
MOST_WORDS: Final = 4
"""Of one phrase."""
LONGEST: Final = 256
"""Characters of a reason (schemas/verdict.py bounds it)."""

_NO_PUNCTUATION: Final = re.compile(r"[\w'@#]|[^\x00-\x7f]")

# Words that mean nothing by themselves. They are never named, and stand in a phrase only between two that are.
_FUNCTION_WORDS: Final = frozenset(
    """
    a an the and or but so if of in on at to by for from with as into off out up down over is are was were be been am it
    its it's he he's she she's they they're them their his her him i i'm me my we our us you your this that these those
    there theres there's here just then than do does did has have had will would can could
    """.split()  # noqa: SIM905
)


def reasons_for(label: Label, judgement: Judgement, prepared: Prepared) -> list[Reason]:
    """At most `MOST_REASONS` words or phrases that spoke for ``label``, strongest first.

    Handles, links and function words are left out: they have their shares, but tell a person nothing.

    The shares of a word's pieces add up; so do those of neighbouring words that are both named.
    """
    text = prepared.text
    words = _words(judgement, LABELS.index(label), text)
    telling = [index for index, word in enumerate(words) if _can_tell(text[word.start : word.end])]
    strongest = max((words[index].share for index in telling), default=0.0)
    if strongest <= 0:
        return []
    named = [index for index in telling if words[index].share >= LEAST_PART * strongest]
    phrases = sorted(_phrases(words, named, text), key=lambda phrase: -phrase.share)[:MOST_REASONS]
    reasons = []
    for phrase in phrases:
        first, last = prepared.original_span(phrase.start, phrase.end)
        last = min(last, first + LONGEST)
        reasons.append(Reason(prepared.original[first:last], first, last, round(phrase.share, 4)))
    return reasons


class _Span(NamedTuple):
    """Characters ``start`` to ``end`` of the judged text, and their share of the label's logit."""

    start: int
    end: int
    share: float


def _words(judgement: Judgement, column: int, text: str) -> list[_Span]:
    """Every word: tokens that touch each other belong to one, unless punctuation parts them."""
    words: list[_Span] = []
    for (start, end), share in zip(judgement.spans, judgement.shares[:, column].tolist(), strict=True):
        if start >= end:
            continue
        if words and words[-1].end == start and _is_word(text[start]) and _is_word(text[start - 1]):
            words[-1] = _Span(words[-1].start, end, words[-1].share + share)
        else:
            words.append(_Span(start, end, share))
    return [word for word in words if _NO_PUNCTUATION.search(text, word.start, word.end)]


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "_'@#"


def _is_function_word(word: str) -> bool:
    return word.lower().replace("\u2019", "'") in _FUNCTION_WORDS


def _can_tell(word: str) -> bool:
    """Whether a word tells a person anything: a handle or a link has a share, but is no reason to look at a post."""
    return not _is_function_word(word) and not word.startswith(("@", "http://", "https://"))


def _phrases(words: list[_Span], named: list[int], text: str) -> list[_Span]:
    """Joins words that stand beside each other, or with one function word between them, up to `MOST_WORDS`. ``named`` are
    their places among ``words``.
    """
    phrases: list[_Span] = []
    length = 0
    last = -2  # index of the last named word
    for index in named:
        word, between = words[index], words[last + 1 : index]
        if (
            phrases
            and len(between) <= 1
            and length + len(between) < MOST_WORDS
            and all(_is_function_word(text[one.start : one.end]) for one in between)
            and not text[phrases[-1].end : word.start].strip(
                "".join(text[one.start : one.end] for one in between) + " "
            )
        ):
            share = phrases[-1].share + word.share + sum(one.share for one in between)
            phrases[-1] = _Span(phrases[-1].start, word.end, share)
            length += 1 + len(between)
        else:
            phrases.append(word)
            length = 1
        last = index
    return phrases
