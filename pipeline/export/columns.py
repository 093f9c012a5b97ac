"""A stored document → the cells of its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.export.spreadsheet import fitting, harmless
from pipeline.index.search import Hit

COLUMNS: Final[dict[str, str]] = {
    "id": "_id",
    "uid": "flagpost.uid",
    "posted": "@timestamp",
    "edited": "flagpost.edited_at",
    "read": "event.created",
    "label": "flagpost.label",
    "also": "flagpost.also",
    "grade": "flagpost.grade",
    "unsure": "flagpost.unsure",
    "text": "message",
    "why": "event.reason",
    "author": "user.name",
    "author_name": "user.full_name",
    "author_id": "user.id",
    "url": "event.url",
    "place": "geo.name",
    "latitude": "geo.location.lat",
    "longitude": "geo.location.lon",
    "registration_marks": "related.registration_marks",
    "postcodes": "related.postcodes",
    "phones": "related.phones",
    "what3words": "related.what3words",
    "roads": "related.roads",
    "places": "related.places",
    "source": "flagpost.source",
    "lang": "flagpost.lang",
    "reviewed_at": "flagpost.review.at",
    "reviewed_by": "flagpost.review.by",
    "dismissed": "flagpost.review.dismissed",
    "note": "flagpost.review.note",
    "model": "flagpost.model",
}
"""Column → field of the document."""

Cell = str | float


def row(hit: Hit) -> list[Cell]:
    """A cell for each of `COLUMNS`; empty where the document has no such field. Texts are made harmless and no longer than
    a spreadsheet's cell; numbers are not touched: they are ours.
    """
    return [_cell(hit.id if path == "_id" else _at(hit.document, path)) for path in COLUMNS.values()]


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _cell(value: Any) -> Cell:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return value
        case list():
            return fitting(harmless("; ".join(map(str, value))))
        case _:
            return fitting(harmless(str(value)))
