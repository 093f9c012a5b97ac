"""JSON Schemas of what travels, for producers in other languages. ``python -m schemas.json_schema`` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from schemas.topics import TOPICS

GENERATED: Final = Path(__file__).parent / "generated"


def generated() -> dict[str, str]:
    """File name → content of the schema of each topic that carries records of ours."""
    files = {}
    for name, topic in TOPICS.items():
        if topic.record is bytes:
            continue
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name}
        schema |= msgspec.json.schema(topic.record)
        files[f"{name}.schema.json"] = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
    return files


if __name__ == "__main__":
    GENERATED.mkdir(exist_ok=True)
    for name, content in generated().items():
        (GENERATED / name).write_text(content, encoding="utf-8")
