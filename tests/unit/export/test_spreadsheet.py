"""No text becomes a formula, whoever opens the file with whatever separator, and every text can be had back."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.export.spreadsheet import SIGNS, fitting, harmless, restored

PIECES = st.sampled_from(
    [*"=+-@＝＋－＠", *",;|'\"\t\r\n", " ", "\u00a0", "\u200b", "\ufeff", "\0", "cmd|'/C calc'!A0", "a"]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.lists(PIECES, max_size=12).map("".join)

BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\ufeff]*")


def begins_a_formula(cell: str) -> bool:
    """OWASP's list, and a formula behind what a program may trim away."""
    trimmed = cell[BLANK.match(cell).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    return cell.startswith(("\t", "\r", "\n")) or trimmed.startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
        ("@SandhavenPolice help", "'@SandhavenPolice help"),
        ("+44 7700 900123", "'+44 7700 900123"),
        ("\u00a0 -1", "\u00a0 '-1"),
        ("\tx", "'\tx"),
        ("\r\n=x", "'\r\n'=x"),
        ("＝1+1", "'＝1+1"),
        ('"x";=1', '"x";\'=1'),
        ("two lines\n- here", "two lines\n'- here"),
        ("'=1", "''=1"),
        ("'", "'"),
        ("it is 5-a-side, me@example = mine", "it is 5-a-side, me@example = mine"),
        ("it's fine", "it's fine"),
        ("", ""),
    ],
)
def test_an_apostrophe_stands_where_a_formula_could_begin_and_nowhere_else(text: str, cell: str) -> None:
    assert harmless(text) == cell
    assert restored(cell) == text


@pytest.mark.parametrize("letter", ["x", "\N{POLICE CAR}"])
def test_a_cell_longer_than_excels_is_cut_and_says_so(letter: str) -> None:
    units = len(letter.encode("utf-16-le")) // 2
    whole = letter * (32_767 // units)
    assert fitting(whole) == whole
    cut = fitting(f"{whole}=cmd|'/C calc'!A0")
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert cut.endswith(f"… cut here, of {len(whole) + 17:,} characters: JSONL has them all")
    assert "=" not in cut


@settings(max_examples=300)
@given(texts)
@example("'\t=")
@example("''\t")
def test_every_text_comes_back(text: str) -> None:
    assert restored(harmless(text)) == text


@settings(max_examples=300)
@given(texts)
def test_no_cell_begins_a_formula_also_where_other_separators_or_no_quotes_hold(text: str) -> None:
    cell = harmless(text)
    assert not begins_a_formula(cell)
    for part in re.split(r"[,;|\t\r\n\v\f\x85\u2028\u2029\"]", cell)[1:]:
        assert not part.strip(" \u00a0").startswith(tuple("=+-@＝＋－＠"))


@settings(max_examples=150)
@given(st.lists(texts, min_size=1, max_size=4), st.sampled_from([",", ";", "\t", "|"]), st.booleans())
def test_a_reader_with_another_separator_finds_no_formula_either(row: list[str], separator: str, quoted: bool) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_NONNUMERIC).writerow(["first", *map(harmless, row)])
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(written.getvalue(), newline=""), delimiter=separator, quoting=quoting)
    cells = [cell for found in reader for cell in found]
    assert not [cell for cell in cells if cell.strip(" \"'")[:1] and cell[:1] in tuple("=+-@＝＋－＠")]


def test_every_form_of_a_sign_that_unicode_knows_is_guarded() -> None:
    forms = {chr(code) for code in range(0x110000) if unicodedata.normalize("NFKC", chr(code))[:1] in tuple("=+-@")}
    assert forms <= set(SIGNS)


@pytest.mark.parametrize("piece", ["\n", "'", " ", ",=", "'\t"])
@pytest.mark.timeout(60)
def test_a_text_of_nothing_else_takes_no_longer(piece: str) -> None:
    text = piece * (262_144 // len(piece))
    assert restored(harmless(text)) == text
