"""Holds saved objects against the mapping that they are about: each field is there, and is of a type that its use needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.kibana import kql
from deploy.kibana.contents import Asking, Choosing, DataView, Layer, Listing, Plotting, asked, data_views
from deploy.kibana.panels import COLUMNS
from schemas.mapping import GENERATED, Index

Body = dict[str, Any]

NUMBERS: Final = frozenset({"long", "float"})
WORDS: Final = frozenset({"keyword", "boolean"})
LEAVES: Final = NUMBERS | WORDS | {"date", "text", "geo_point"}

SUITS: Final = {
    "count": LEAVES,
    "terms": WORDS | NUMBERS,
    "date_histogram": frozenset({"date"}),
    "sum": NUMBERS,
    "median": NUMBERS,
    "percentile": NUMBERS,
    "max": NUMBERS | {"date"},
}
"""Types of field by Lens's operation. What ``text`` can't do is what aggregations need doc values for."""

FORMATS: Final = {
    "url": frozenset({"keyword"}),
    "color": frozenset({"keyword"}),
    "percent": frozenset({"float"}),
    "duration": NUMBERS,
    "number": NUMBERS,
}
"""Types of field by field formatter."""

ASKED: Final = {
    "is": WORDS | NUMBERS | {"text"},
    "phrase": WORDS | {"text"},
    "exists": LEAVES,
    "range": NUMBERS | {"date"},
}
"""Types of field by what a clause of a query asks."""


@dataclass(frozen=True, slots=True)
class Checked:
    """``problem`` is empty where there is none."""

    object: str
    part: str
    how: str
    problem: str = ""


def fields(index: Index) -> dict[str, str]:
    """Type by field of ``index``, as its generated mapping has them."""
    body = json.loads((GENERATED / f"{index.alias}.standard.json").read_bytes())
    return dict(_leaves(body["template"]["mappings"]["properties"], ""))


def _leaves(properties: Body, prefix: str) -> Iterator[tuple[str, str]]:
    for name, body in properties.items():
        if "properties" in body:
            yield from _leaves(body["properties"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", body["type"]


def check(objects: Sequence[Body]) -> Iterator[Checked]:
    """Every check that needs no server, in the file's order."""
    for view in data_views(objects).values():
        yield from _view(view)
    for asking in asked(objects):
        yield from _asking(asking)
    yield from references(objects)
    for one in objects:
        if one["type"] == "dashboard":
            yield from _grid(one)


def _view(view: DataView) -> Iterator[Checked]:
    known, title = fields(view.index), view.attributes["name"]
    yield _field(title, "clock", "its time field is a date", view.time, known, frozenset({"date"}))
    for name, format in json.loads(view.attributes["fieldFormatMap"]).items():
        yield _field(title, f"format of {name}", f"{format['id']} suits its type", name, known, FORMATS[format["id"]])
    for name in json.loads(view.attributes["fieldAttrs"]):
        yield _field(title, f"popular {name}", "is in the mapping", name, known, LEAVES)


def _asking(asking: Asking) -> Iterator[Checked]:
    known = fields(asking.view.index)
    yield from _query(asking, "query", asking.where, known)
    match asking:
        case Layer():
            for name, column in asking.columns.items():
                yield from _column(asking, name, column, known)
        case Listing():
            yield _part(asking, "sorted by", "a date", asking.sort[0], known, frozenset({"date"}))
            for field in asking.columns:
                yield _part(asking, f"column {field}", "is in the mapping", field, known, LEAVES)
        case Plotting():
            yield _part(asking, "place", "a point", asking.place, known, frozenset({"geo_point"}))
            yield _part(asking, "sorted by", "a date", asking.sort[0], known, frozenset({"date"}))
            for field in asking.tells:
                yield _part(asking, f"tells {field}", "is in the mapping", field, known, LEAVES)
        case Choosing():
            yield _part(asking, "values", "a word", asking.field, known, WORDS)


def _column(layer: Layer, name: str, column: Body, known: dict[str, str]) -> Iterator[Checked]:
    operation, field = column["operationType"], column["sourceField"]
    part = f"{name}: {operation} of {field}"
    if operation == "count" and field == "___records___":
        yield Checked(layer.object, f"{layer.part}: {part}", "needs no field")
    else:
        yield _part(layer, part, f"{operation} suits its type", field, known, SUITS[operation])
    if "filter" in column:
        yield from _query(layer, f"{name}'s filter", column["filter"]["query"], known)
    ordered = column["params"].get("orderBy", {}).get("columnId")
    if ordered is not None:
        missing = "" if ordered in layer.columns else f"there is no column {ordered}"
        yield Checked(layer.object, f"{layer.part}: {name}'s order", "by a column that is there", missing)


def _query(asking: Asking, part: str, text: str, known: dict[str, str]) -> Iterator[Checked]:
    how = "is KQL of the part that is used here"
    where = f"{asking.part}: {part}" if asking.part else part
    try:
        query = kql.parse(text)
    except kql.NotKql as error:
        yield Checked(asking.object, where, how, str(error))
        return
    if query is None:
        return
    yield Checked(asking.object, where, how)
    for clause in kql.clauses(query):
        how = f"{clause.how} suits its type"
        yield _field(asking.object, f"{where}: {clause.field}", how, clause.field, known, ASKED[clause.how])


def _part(
    asking: Asking, part: str, how: str, field: str, known: dict[str, str], types: frozenset[str] | set[str]
) -> Checked:
    return _field(asking.object, f"{asking.part}: {part}" if asking.part else part, how, field, known, types)


def _field(
    object: str, part: str, how: str, field: str, known: dict[str, str], types: frozenset[str] | set[str]
) -> Checked:
    type = known.get(field)
    if type is None:
        return Checked(object, part, how, f"{field} is not in the mapping")
    return Checked(object, part, how, "" if type in types else f"{field} is {type}")


def references(objects: Sequence[Body]) -> Iterator[Checked]:
    """Every reference leads to an object of the same file, and no id stands twice."""
    ids = [(one["type"], one["id"]) for one in objects]
    for one in objects:
        twice = "" if ids.count((one["type"], one["id"])) == 1 else "its id stands twice"
        yield Checked(one["attributes"]["title"], "id", "stands once", twice)
        for reference in one["references"]:
            there = (reference["type"], reference["id"]) in ids
            problem = "" if there else f"there is no {reference['type']} {reference['id']}"
            yield Checked(
                one["attributes"]["title"], f"→ {reference['name']}", "leads to an object of the file", problem
            )


def _grid(dashboard: Body) -> Iterator[Checked]:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(dashboard["attributes"]["panelsJSON"]):
        at = panel["gridData"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        problem = "it overlaps another" if cells & taken else ""
        if at["x"] + at["w"] > COLUMNS:
            problem = f"it ends beyond column {COLUMNS}"
        taken |= cells
        yield Checked(dashboard["attributes"]["title"], panel["title"], "has a place of its own", problem)
