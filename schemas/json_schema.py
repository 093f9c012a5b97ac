"""JSON Schemas of what travels, for producers in other languages. ``python -m schemas.json_schema`` writes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
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
    return {**head, **every_part(msgspec.json.schema(record), _without_indents)}


def text(schema: dict[str, Any]) -> str:
    """As a file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def every_part(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """``schema`` with each of its objects as ``change`` makes it, the inner ones first."""
    if isinstance(schema, list):
        return [every_part(one, change) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return change({name: every_part(value, change) for name, value in schema.items()})


def _without_indents(part: dict[str, Any]) -> dict[str, Any]:
    """With its docstring as Python 3.13 has it: those before keep the indents of the source."""
    description = part.get("description")
    return {**part, "description": inspect.cleandoc(description)} if isinstance(description, str) else part


if __name__ == "__main__":
    GENERATED.mkdir(exist_ok=True)
    for name, content in generated().items():
        (GENERATED / name).write_text(content, encoding="utf-8")
