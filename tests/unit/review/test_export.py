"""Rows to train on: what stands in them, and what never does."""

from __future__ import annotations

import json

from pipeline.review.export import last_applied, row_of
from pipeline.review.log import entries
from pipeline.review.stage import applied
from schemas import codec
from schemas.identity import document_id
from schemas.review import Review
from tests.messages import review


def rows(*reviews: Review) -> list[str]:
    found = last_applied(entries((offset, codec.encode(one)) for offset, one in enumerate(reviews)))
    return [f"{one.row.id[:4]} {one.row.label} {one.row.grade}" for one in found]


def test_of_each_post_the_last_decision_that_was_applied_counts() -> None:
    first, second = document_id("x", "1")[:4], document_id("x", "2")[:4]
    assert rows(
        review("1", label="complaint"),
        review("2", grade="immediate"),
        review("1", seen=1, label="help_request", grade="prompt"),
        review("1", seen=1, label="intel", by="too late"),
    ) == [f"{second} intel immediate", f"{first} help_request prompt"]


def test_what_was_dismissed_is_chatter_without_a_grade() -> None:
    row = row_of(applied(review(dismissed=True), 1))
    assert (row.label, row.also, row.grade) == ("chatter", [], None)
    assert (row.model_label, row.model_grade) == ("intel", "routine")


def test_a_row_tells_neither_who_decided_nor_why_nor_who_wrote_it() -> None:
    told = codec.encode(row_of(applied(review("secret-id", by="a.khan", note="he is back"), 1)))
    for secret in (b"a.khan", b"back", b"secret-id"):
        assert secret not in told
    assert json.loads(told)["id"] == document_id("x", "secret-id")
