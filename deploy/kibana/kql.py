"""The part of Kibana's query language that these dashboards use, strictly: what else KQL may say is an error here.

``field: word``, ``field: "a phrase"``, ``field: (one or two)``, ``field: *``, ``field >= 1``; ``and``, ``or``, ``not`` and
brackets. `to_elasticsearch` makes the query that Kibana makes of it: see its packages/kbn-es-query/src/kuery/functions, the
files is, exists, range, and, or, not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

_TOKEN: Final = re.compile(r'\s*(?:(?P<text>"[^"\\]*")|(?P<word>[\w@.+-]+)|(?P<sign>[:()*]|[<>]=?))')
_BOUNDS: Final[dict[str, str]] = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_RESERVED: Final = ("and", "or", "not")

How = Literal["is", "phrase", "exists", "range"]


class NotKql(ValueError):
    """``query`` is not of the part that is used here."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What is asked of one field."""

    field: str
    how: How
    value: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses and groups that hold together: all, any, or (one alone) not."""

    how: Literal["and", "or", "not"]
    parts: tuple[Query, ...]


Query = Clause | Group


def parse(text: str) -> Query | None:
    """None for an empty query, which is everything. Raises `NotKql`."""
    if not text.strip():
        return None
    reader = _Reader(text)
    query = reader.any_of()
    if reader.peek():
        raise NotKql(f"{reader.peek()!r} is not expected in {text!r}")
    return query


def clauses(query: Query | None) -> Iterator[Clause]:
    """Every clause of it."""
    if isinstance(query, Clause):
        yield query
    elif query is not None:
        for part in query.parts:
            yield from clauses(part)


def to_elasticsearch(query: Query | None) -> dict[str, Any]:
    match query:
        case None:
            return {"match_all": {}}
        case Clause(name, "exists"):
            return _should({"exists": {"field": name}})
        case Clause(name, "range", value, bound):
            return _should({"range": {name: {bound: value}}})
        case Clause(name, "phrase", value):
            return _should({"match_phrase": {name: value}})
        case Clause(name, _, value):
            return _should({"match": {name: value}})
        case Group("and", parts):
            return {"bool": {"filter": [to_elasticsearch(part) for part in parts]}}
        case Group("or", parts):
            return _should(*(to_elasticsearch(part) for part in parts))
        case Group("not", (part,)):
            return {"bool": {"must_not": to_elasticsearch(part)}}
    raise AssertionError(query)


def _should(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


@dataclass(slots=True)
class _Reader:
    text: str
    tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, at, end = [], 0, len(self.text.rstrip())
        while at < end:
            if (found := _TOKEN.match(self.text, at)) is None:
                raise NotKql(f"{self.text[at:]!r} can't be read in {self.text!r}")
            self.tokens.append(found[found.lastgroup or 0])
            at = found.end()
        self.tokens.reverse()

    def peek(self) -> str:
        return self.tokens[-1] if self.tokens else ""

    def take(self, *wanted: str) -> str:
        token = self.tokens.pop() if self.tokens else ""
        if wanted and token not in wanted:
            raise NotKql(f"{token!r} stands where {' or '.join(wanted)} is expected in {self.text!r}")
        return token

    def any_of(self) -> Query:
        parts = [self.all_of()]
        while self.peek() == "or":
            self.take()
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Group("or", tuple(parts))

    def all_of(self) -> Query:
        parts = [self.one()]
        while self.peek() == "and":
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts))

    def one(self) -> Query:
        if self.peek() == "not":
            self.take()
            return Group("not", (self.one(),))
        if self.peek() == "(":
            self.take()
            query = self.any_of()
            self.take(")")
            return query
        return self.clause()

    def clause(self) -> Query:
        name = self.word()
        sign = self.take(":", *_BOUNDS)
        if sign != ":":
            return Clause(name, "range", self.word(), _BOUNDS[sign])
        if self.peek() == "*":
            self.take()
            return Clause(name, "exists")
        if self.peek() != "(":
            return self.value(name)
        self.take()
        values = [self.value(name)]
        while self.take("or", ")") == "or":
            values.append(self.value(name))
        return Group("or", tuple(values))

    def value(self, name: str) -> Clause:
        if self.peek().startswith('"'):
            return Clause(name, "phrase", self.take().strip('"'))
        return Clause(name, "is", self.word())

    def word(self) -> str:
        word = self.take()
        if not re.fullmatch(r"[\w@.+-]+", word) or word in _RESERVED:
            raise NotKql(f"{word!r} stands where a word is expected in {self.text!r}")
        return word
