"""JSON Schemas of what travels, for producers in other languages. ``python -m schemas.json_schema`` writes them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.topics import TOPICS

GENERATED: Final = Path(__file__).parent / "generated"


def generated() -> dict[str, str]:
    """File name → content of the schema of each topic that carries records of ours."""
    files = {}
    for name, topic in TOPICS.items():
        if topic.record is bytes:
            continue
        files[f"{name}.schema.json"] = text(schema_of(topic.record, title=name))
    return files


def schema_of(record: Any, title: str) -> dict[str, Any]:
    """The JSON Schema of a type; docstrings are its descriptions."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **_without_indents(msgspec.json.schema(record))}


def text(schema: dict[str, Any]) -> str:
    """As a file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _without_indents(part: Any) -> Any:
    """``part`` of a schema with docstrings as Python 3.13 has them: those before keep the indents of the source."""
    if isinstance(part, list):
        return [_without_indents(one) for one in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _without_indents(value) for name, value in part.items()}
    if isinstance(description := kept.get("description"), str):
        kept["description"] = inspect.cleandoc(description)
    return kept


if __name__ == "__main__":
    GENERATED.mkdir(exist_ok=True)
    for name, content in generated().items():
        (GENERATED / name).write_text(content, encoding="utf-8")
