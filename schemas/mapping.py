"""The indices, and their Elasticsearch index templates, generated from the structs of `schemas.document` and
`schemas.audit_document`.

Run ``python -m schemas.mapping`` to write them to ``schemas/generated/``; a test fails when they are stale.
"""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.audit_document import AuditDocument
from schemas.document import AlertDocument, Document

GENERATED: Final = Path(__file__).parent / "generated"


class Index(Struct, frozen=True, kw_only=True):
    """One kind of documents: an index for each generation of its mapping, behind two aliases."""

    alias: str
    """What people search."""
    document: type[Struct]
    generation: int = 1
    """A breaking change of the mapping makes the next generation of the index."""
    revision: int
    """Rises with every added field; the index worker refuses to start on an older one."""
    hidden: str | None = None
    """Field of the documents that ``alias`` hides: those where it is true."""

    @property
    def name(self) -> str:
        """Of this generation."""
        return f"{self.alias}-v{self.generation}"

    @property
    def write_alias(self) -> str:
        """The alias that the index worker writes through; it names exactly one generation."""
        return f"{self.alias}-write"


ITEMS: Final = Index(alias="flagpost-items", document=Document, revision=3, hidden="flagpost.withdrawn")
ALERTS: Final = Index(alias="flagpost-alerts", document=AlertDocument, revision=2)
AUDIT: Final = Index(alias="flagpost-audit", document=AuditDocument, revision=1)
INDICES: Final = (ITEMS, ALERTS, AUDIT)

INDEX: Final = ITEMS.alias
"""The alias that people search: it hides tombstones."""

WRITE_ALIAS: Final = ITEMS.write_alias
"""The alias that items are written through."""

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


def mappings(index: Index = ITEMS) -> dict[str, Any]:
    """The mapping of the index's documents: strict, so that nothing unforeseen is guessed at."""
    return {
        "dynamic": "strict",
        "_meta": {"flagpost": {"generation": index.generation, "revision": index.revision}},
        "properties": _properties(index.document),
    }


def read_alias(index: Index = ITEMS) -> dict[str, Any]:
    """The body of the alias that people search: of the items, every one that has not been withdrawn."""
    return {"filter": {"bool": {"must_not": [{"term": {index.hidden: True}}]}}} if index.hidden else {}


def template(
    analysis: Analysis, shards: int = 1, replicas: int = 0, namespace: str = "", index: Index = ITEMS
) -> dict[str, Any]:
    """The index's template in one of two analyses."""
    prefix = f"{namespace}-" if namespace else ""
    return {
        "index_patterns": [f"{prefix}{index.alias}-v*"],
        "priority": 500,
        "_meta": {"flagpost": {"analysis": analysis, "revision": index.revision}},
        "template": {
            "settings": {
                "index": {
                    "number_of_shards": shards,
                    "number_of_replicas": replicas,
                    "refresh_interval": "1s",
                },
                "analysis": _ANALYSERS[analysis],
            },
            "mappings": mappings(index),
        },
    }


def _properties(struct: type[Struct]) -> dict[str, Any]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return {field.encode_name: _field(hints[field.name]) for field in msgspec.structs.fields(struct)}


def _field(annotation: Any) -> dict[str, Any]:
    """The mapping of one field: its annotation's own, or the object of its struct, or float for a bare number.

    To Elasticsearch any field may have many values, so a list is what its elements are.
    """
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
    if typing.get_origin(base) is list:
        return _field(typing.get_args(base)[0])
    if isinstance(base, type) and issubclass(base, Struct):
        return {"properties": _properties(base)}
    if base is float:
        return {"type": "float"}
    raise TypeError(f"no Elasticsearch mapping for {annotation!r}: annotate it in schemas/document.py")


def generated() -> dict[str, str]:
    """File name → content of every generated template."""
    return {
        f"{index.alias}.{analysis}.json": _formatted(template(analysis, index=index))
        for index in INDICES
        for analysis in ANALYSES
    }


def _formatted(body: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"


if __name__ == "__main__":
    GENERATED.mkdir(exist_ok=True)
    for name, content in generated().items():
        (GENERATED / name).write_text(content, encoding="utf-8")
