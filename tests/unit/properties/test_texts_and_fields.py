"""Any text can be judged and any fields read, and what comes out points into what went in."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.prepare import prepare
from pipeline.classify.judge import Judge
from pipeline.ingest.canonical import Defaults, canonical
from schemas.codec import InvalidMessage
from schemas.post import Post
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.doubles.manual_clock import START

STRANGE = st.sampled_from(
    ["dealing", "help now", " ", "  ", "\u200b", "\u202e", "e\u0301", "\ufdfa", "👩\u200d👧", "d\u0435", "\n", "\x00"]
)
TEXTS = st.lists(st.one_of(STRANGE, st.text(max_size=8)), max_size=30).map("".join)

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)  # JSON has no others
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=12))
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
GOOD = {"source": "x", "id": "1", "text": "t", "created_at": "2026-08-15T11:00:00Z"}
NAMES = st.one_of(st.sampled_from([*Post.__struct_fields__, "type", "deleted_at"]), st.text(max_size=8))


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_the_reasons_of_a_verdict_stand_in_the_text(before: str, after: str) -> None:
    text = f"{before} dealing {after}"
    (verdict,) = Judge(KeywordClassifier()).verdicts([text])
    for reason in verdict.reasons:
        assert 0 <= reason.start < reason.end <= len(text)
        assert text[reason.start : reason.end] == reason.text
    assert verdict.reasons or verdict.language


@given(TEXTS)
def test_preparing_twice_is_preparing_once(text: str) -> None:
    once = prepare(text)
    assert prepare(once.text).text == once.text
    assert all(0 <= start < end <= len(text) for start, end in zip(once.starts, once.ends, strict=True))


@settings(deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_any_fields_are_a_post_that_loses_none_of_them_or_are_refused(fields: dict[str, Any]) -> None:
    given_fields = {**GOOD, **fields}
    try:
        record = canonical(given_fields, Defaults(), START)
    except InvalidMessage:
        return
    if isinstance(record, Post):
        kept = {**record.extra, **msgspec.to_builtins(record)}
        assert {name for name, value in given_fields.items() if value not in (None, [], {})} <= {*kept, "type"}
    again = canonical(msgspec.to_builtins(record), Defaults(), START)
    assert again == record
