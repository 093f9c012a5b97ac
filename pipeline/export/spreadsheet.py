"""Text that a spreadsheet shows and does not run: OWASP's advice against CSV injection, in a form that can be undone.

A spreadsheet takes a cell that begins with one of ``= + - @``, or with a tab or a line's end before one, for a formula. So
an apostrophe goes in front of each of these signs, and of their other forms (``＝`` …), wherever a cell could begin: at the
start, and behind a separator, a quote or a line's end, since to a program that takes another separator than ours a cell
begins there, too. White space, and what nobody sees, between the two does not matter. An apostrophe also goes in front of a
tab or a line's end with which a cell begins. See https://owasp.org/www-community/attacks/CSV_Injection.

`restored` is the exact way back: an apostrophe directly in front of such a sign is always one of ours, since an apostrophe
of the text is itself one of the places behind which one is put.
"""

from __future__ import annotations

import re
from typing import Final

SIGNS: Final = "=+-@＝＋－＠﹦﹢﹣﹫⁺⁻⁼₊₋₌⩵⩶﬩\u2212"
"""What begins a formula, whatever Unicode calls another form of that (NFKC), and the mathematical minus."""

LONGEST: Final = 32_767
"""Units of UTF-16 that a cell of Excel can hold:
https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3"""

_BEGINNINGS: Final = ",;|\t\r\n\v\f\x85\u2028\u2029\"'`，；｜＂＇｀"
"""Behind these a cell begins for somebody. Besides ours, the separators of other countries and programs."""

_UNSEEN: Final = r"\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"

# One match takes a whole run, whether or not a sign follows: a text of line ends alone takes no longer than another one.
_RUN: Final = re.compile(rf"([{_BEGINNINGS}{_UNSEEN}]+)([{re.escape(SIGNS)}]?)|^([{re.escape(SIGNS)}])")
_BEGINNING: Final = re.compile(rf"[{_BEGINNINGS}]")
_BLANK_START: Final = re.compile(r"^('*)([\t\r\n])")
_OURS: Final = re.compile(rf"'([{re.escape(SIGNS)}])")
_OURS_AT_START: Final = re.compile(r"^'('*)([\t\r\n])")


def harmless(text: str) -> str:
    """``text`` as a cell that no spreadsheet takes for a formula."""
    return _BLANK_START.sub(r"'\1\2", _RUN.sub(_guarded, text))


def fitting(cell: str) -> str:
    """``cell``, cut where it is longer than a cell can be: the rest would go into another one, and could begin a formula."""
    if len(cell.encode("utf-16-le", "surrogatepass")) // 2 <= LONGEST:
        return cell
    return f"{cell[: LONGEST // 2 - 100]} … cut here, of {len(cell):,} characters: JSONL has them all"


def restored(cell: str) -> str:
    """The text of which `harmless` made ``cell``."""
    return _OURS.sub(r"\1", _OURS_AT_START.sub(r"\1\2", cell))


def _guarded(match: re.Match[str]) -> str:
    run, sign = match[1] or "", match[2] or match[3]
    if sign and (match.start() == 0 or _BEGINNING.search(run)):
        return f"{run}'{sign}"
    return match[0]
