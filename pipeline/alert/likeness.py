"""Which texts are nearly the same: MinHash (Broder 1997) over what they say.

Two texts are as alike as the sets of their shingles are: the size of what both have, over the size of what either has
(Jaccard). 64 numbers hold enough of a text to estimate that with a standard error of at most 0.0625. The numbers are part
of `[alert-candidates]` and `[alerts]`: the same text must give the same ones in every process and version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pipeline.alert.words import plain

if TYPE_CHECKING:
    from datasketch.minhash import MinHash

PERMUTATIONS: Final = 64
SHINGLE: Final = 4
"""Characters of a shingle; spaces between words count."""

LEAST_WORDS: Final = 5
"""A text of fewer words is like no other: two people who write "please send help" are two people."""

LEAST_ALIKE: Final = 0.7
"""From here on two texts are taken for one."""

_REPOST: Final = re.compile(r"^(?:rt|qt|repost|via)\b[\s:]*")
_WORD: Final = re.compile(r"\w+(?:'\w+)*")


def likeness(text: str) -> list[int]:
    """`PERMUTATIONS` numbers below 2**32, or none where the text says too little to be told from others."""
    words = _WORD.findall(_REPOST.sub("", plain(text)))
    if len(words) < LEAST_WORDS:
        return []
    joined = " ".join(words)
    sketch = _empty().copy()
    sketch.update_batch({joined[at : at + SHINGLE].encode() for at in range(len(joined) - SHINGLE + 1)})
    values: list[int] = sketch.hashvalues.tolist()
    return values


def alike(one: Sequence[int], other: Sequence[int]) -> float:
    """How alike two texts are, by their likenesses: 0 to 1. Nothing is like a text that says too little."""
    if not one or len(one) != len(other):
        return 0.0
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def one_story(one: Sequence[int], other: Sequence[int], place: str | None, other_place: str | None) -> bool:
    """Whether two texts tell the same: alike enough, and not of two different places."""
    if place and other_place and plain(place) != plain(other_place):
        return False
    return alike(one, other) >= LEAST_ALIKE


@lru_cache(maxsize=1)
def _empty() -> MinHash:
    from datasketch.minhash import MinHash  # a second and 60 MB: whoever only compares does without

    # Named, because a default that a later release changes would make texts unlike themselves.
    return MinHash(num_perm=PERMUTATIONS, seed=1, scheme="affine32")
