"""Elasticsearch index templates, generated from `schemas.document.Document`.

Run ``python -m schemas.mapping`` to write them to ``schemas/generated/``; a test fails when they are stale.
"""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.document import Document

GENERATED: Final = Path(__file__).parent / "generated"

INDEX: Final = "flagpost-items"
"""The alias that people search: it hides tombstones."""

WRITE_ALIAS: Final = f"{INDEX}-write"
"""The alias that the index worker writes through; it names exactly one generation."""

GENERATION: Final = 1
"""A breaking change of the mapping makes the next generation of the index."""

MAPPING_REVISION: Final = 1
"""Rises with every added field; the index worker refuses to start on an older one."""

Analysis = Literal["english", "standard"]
"""``english`` stems and folds accents and needs the module analysis-common; ``standard`` works on any cluster."""

ANALYSES: Final[tuple[Analysis, ...]] = ("english", "standard")

ENGLISH_FILTERS: Final = ("lowercase", "asciifolding", "flagpost_possessive", "porter_stem")

_ANALYSERS: Final[dict[Analysis, dict[str, Any]]] = {
    # No stop words: "not", "who" and "where" carry meaning in a search for a threat or a person.
    "english": {
        "filter": {"flagpost_possessive": {"type": "stemmer", "language": "possessive_english"}},
        "analyzer": {"flagpost_text": {"type": "custom", "tokenizer": "standard", "filter": list(ENGLISH_FILTERS)}},
    },
    "standard": {"analyzer": {"flagpost_text": {"type": "standard"}}},
}


def index_name(generation: int = GENERATION) -> str:
    """Name of one generation of the items' index."""
    return f"{INDEX}-v{generation}"


def mappings() -> dict[str, Any]:
    """The mapping of `Document`: strict, so that nothing unforeseen is guessed at."""
    return {
        "dynamic": "strict",
        "_meta": {"flagpost": {"generation": GENERATION, "revision": MAPPING_REVISION}},
        "properties": _properties(Document),
    }


def read_alias() -> dict[str, Any]:
    """The alias that people search: every item that has not been withdrawn."""
    return {"filter": {"bool": {"must_not": [{"term": {"flagpost.withdrawn": True}}]}}}


def template(analysis: Analysis, shards: int = 1, replicas: int = 0, namespace: str = "") -> dict[str, Any]:
    """Index template of the items' index in one of two analyses."""
    prefix = f"{namespace}-" if namespace else ""
    return {
        "index_patterns": [f"{prefix}{INDEX}-v*"],
        "priority": 500,
        "_meta": {"flagpost": {"analysis": analysis, "revision": MAPPING_REVISION}},
        "template": {
            "settings": {
                "index": {
                    "number_of_shards": shards,
                    "number_of_replicas": replicas,
                    "refresh_interval": "1s",
                },
                "analysis": _ANALYSERS[analysis],
            },
            "mappings": mappings(),
        },
    }


def _properties(struct: type[Struct]) -> dict[str, Any]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return {field.encode_name: _field(hints[field.name]) for field in msgspec.structs.fields(struct)}


def _field(annotation: Any) -> dict[str, Any]:
    """The mapping of one field: its annotation's own, or the object of its struct, or float for a bare number."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        (inner,) = (part for part in typing.get_args(annotation) if part is not type(None))
        return _field(inner)
    base = annotation
    if typing.get_origin(annotation) is typing.Annotated:
        base, *notes = typing.get_args(annotation)
        for note in notes:
            if isinstance(note, Meta) and note.extra and "es" in note.extra:
                mapping: dict[str, Any] = note.extra["es"]
                return mapping
    if isinstance(base, type) and issubclass(base, Struct):
        return {"properties": _properties(base)}
    if base is float:
        return {"type": "float"}
    raise TypeError(f"no Elasticsearch mapping for {annotation!r}: annotate it in schemas/document.py")


def generated() -> dict[str, str]:
    """File name → content of every generated template."""
    return {
        f"{INDEX}.{analysis}.json": msgspec.json.format(msgspec.json.encode(template(analysis)), indent=2).decode()
        + "\n"
        for analysis in ANALYSES
    }


if __name__ == "__main__":
    GENERATED.mkdir(exist_ok=True)
    for name, content in generated().items():
        (GENERATED / name).write_text(content, encoding="utf-8")
