"""What a text names, as conditions of a search: written in any way, looked for as `pipeline.entities` has stored it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline.entities import named_roads, numbered_roads, phones, places, postcodes, registration_marks, what3words

if TYPE_CHECKING:
    from pipeline.index.search import Search


def named_in_text(wanted: Search) -> list[dict[str, Any]]:
    """One filter for every name that is given."""
    filters: list[dict[str, Any]] = []
    if wanted.vehicle:
        mark = registration_marks.as_typed(wanted.vehicle)
        kind = "wildcard" if re.search(r"[*?]", mark) else "term"
        filters.append({kind: {"related.registration_marks": {"value": mark}}})
    if wanted.postcode:
        filters.append(_postcode(postcodes.as_typed(wanted.postcode)))
    if wanted.phone:
        filters.append({"term": {"related.phones": phones.as_typed(wanted.phone) or wanted.phone}})
    if wanted.what3words:
        filters.append({"term": {"related.what3words": what3words.as_typed(wanted.what3words)}})
    if wanted.road:
        number, name = numbered_roads.as_typed(wanted.road), named_roads.as_typed(wanted.road)
        filters.append({"term": {"related.roads": number}} if number else holds("related.roads", name))
    if wanted.mentions:
        town = places.as_typed(wanted.mentions)
        filters.append({"term": {"related.places": town}} if town else holds("related.places", wanted.mentions))
    return filters


def holds(field: str, text: str) -> dict[str, Any]:
    """Whether a keyword holds ``text``, in any case; with ``*`` or ``?`` it is a pattern of the whole."""
    escaped = text.replace("\\", "\\\\")
    pattern = escaped if "*" in text or "?" in text else f"*{escaped}*"
    return {"wildcard": {field: {"value": pattern, "case_insensitive": True}}}


def _postcode(code: str) -> dict[str, Any]:
    """An outward code finds what lies in it, too: ``SN1`` finds ``SN1 9ZX``, and not ``SN10``."""
    exactly = {"term": {"related.postcodes": code}}
    if " " in code:
        return exactly
    within = {"prefix": {"related.postcodes": f"{code} "}}
    return {"bool": {"should": [exactly, within], "minimum_should_match": 1}}
