"""What a text says, made comparable: for rules that look for words, and for telling near-duplicates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from models.prepare import prepare

HANDLE: Final = re.compile(r"(?<!\w)@\w[\w.-]*(?:@\w[\w.-]*)?")
"""An account that is addressed: @name, or @name@server as Mastodon has it."""

_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_BETWEEN: Final = r"[\s\-–]+"


def plain(text: str) -> str:
    """``text`` as `prepare` reads it (no disguised letters, single spaces), in lower case, without handles and links."""
    return _BLANKS.sub(" ", HANDLE.sub(" ", _LINK.sub(" ", _folded(prepare(text).text)))).strip()


_BLANKS: Final = re.compile(r" {2,}")


def finder(words: Sequence[str]) -> re.Pattern[str] | None:
    """Finds any of ``words`` in a text that is `plain`; None where there are none to find.

    A word is found whole; one that ends in ``*`` is found as the beginning of a word. A phrase is found across spaces and
    hyphens alike: *county lines* finds "county-lines". What is no letter or digit has no whole: 🔪 is found everywhere.
    """
    if not words:
        return None
    longest_first = sorted((_folded(word) for word in words), key=len, reverse=True)
    return re.compile("|".join(_pattern(word) for word in longest_first))


def _pattern(word: str) -> str:
    whole = word.removesuffix("*")
    pieces = [re.escape(piece) for piece in re.split(_BETWEEN, whole.strip())]
    begin = r"(?<!\w)" if whole[:1].isalnum() else ""
    end = r"\w*" if whole != word else r"(?!\w)" if whole[-1:].isalnum() else ""
    return begin + _BETWEEN.join(pieces) + end


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
