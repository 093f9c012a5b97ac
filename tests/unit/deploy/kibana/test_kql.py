"""The part of KQL that the dashboards use, and what Elasticsearch is asked for it."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.kibana.kql import Clause, Group, NotKql, clauses, parse, to_elasticsearch


def should(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", {"match_all": {}}),
        ("a.b: c", should({"match": {"a.b": "c"}})),
        ('a: "b c"', should({"match_phrase": {"a": "b c"}})),
        ("@a.b: *", should({"exists": {"field": "@a.b"}})),
        ("a >= 0.5", should({"range": {"a": {"gte": "0.5"}}})),
        ("a<1", should({"range": {"a": {"lt": "1"}}})),
        ("not a: b", {"bool": {"must_not": should({"match": {"a": "b"}})}}),
        ("a: b and c: d", {"bool": {"filter": [should({"match": {"a": "b"}}), should({"match": {"c": "d"}})]}}),
        ("a: (b or \"c d\")", should(should({"match": {"a": "b"}}), should({"match_phrase": {"a": "c d"}}))),
    ],
)  # fmt: skip
def test_a_query_is_asked_as_kibana_asks_it(text: str, query: dict[str, Any]) -> None:
    assert to_elasticsearch(parse(text)) == query


def test_and_binds_more_tightly_than_or_and_not_more_than_both() -> None:
    a, b, c = (Clause(name, "is", "1") for name in "abc")
    assert parse("a: 1 or b: 1 and not c: 1") == Group("or", (a, Group("and", (b, Group("not", (c,))))))
    assert parse("(a: 1 or b: 1) and c: 1") == Group("and", (Group("or", (a, b)), c))


def test_every_clause_of_a_query_can_be_looked_at() -> None:
    assert [one.field for one in clauses(parse("a: 1 or (b: * and not c: (d or e))"))] == ["a", "b", "c", "c"]
    assert list(clauses(parse(" "))) == []


@pytest.mark.parametrize(
    "text",
    ["knife", "a:", "a: b c", "a: b*", "a:: b", "(a: b", "a: b)", "a: (b)c", "a: (b or)", "and a: b", "a: or", 'a: "b',
     "a: b AND c: d", "a = b", "a: {b: c}", "not", "a > *", "a: b or", "a: <b>"],
)  # fmt: skip
def test_what_is_not_of_that_part_is_refused(text: str) -> None:
    with pytest.raises(NotKql):
        parse(text)
