"""In which form posts are written down: JSON lines or CSV, and under which names."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Entry, Position
from pipeline.ingest.sources.csv_table import read_csv, read_header
from pipeline.ingest.sources.jsonl import read_jsonl
from pipeline.ingest.sources.lines import Read, split_lines

Kind = Literal["jsonl", "csv"]

_KINDS: dict[str, tuple[Kind, str]] = {
    ".jsonl": ("jsonl", ","),
    ".ndjson": ("jsonl", ","),
    ".json": ("jsonl", ","),
    ".csv": ("csv", ","),
    ".tsv": ("csv", "\t"),
}


@dataclass(frozen=True)
class Form:
    """``columns`` maps our field → the key or column that the input has for it."""

    kind: Kind
    delimiter: str = ","
    columns: Mapping[str, str] = field(default_factory=dict)

    def header(self, read: Read, name: str) -> tuple[list[str], Position]:
        """Reads the names of the columns at the start of a stream, and where what follows begins; none for JSON lines."""
        if self.kind == "jsonl":
            return [], Position()
        first = next(split_lines(read, Position()), None)
        return read_header(first, self.delimiter, self.columns, name), first.after if first else Position()

    def entries(self, read: Read, start: Position, names: list[str], name: str) -> Iterator[Entry]:
        """What ``read`` gives from ``start`` on; ``names`` are the columns that `header` gave."""
        if self.kind == "jsonl" and start.offset == 0:
            read = _refuse_array(read, name)
        lines = split_lines(read, start)
        return read_jsonl(lines, self.columns) if self.kind == "jsonl" else read_csv(lines, names, self.delimiter)


def form_of(path: Path, kind: Kind | None, delimiter: str | None, columns: Mapping[str, str]) -> Form:
    """The form of ``path`` by its name (``.gz`` aside), where ``kind`` does not say it. Raises `InvalidInput`."""
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    by_name = _KINDS.get(suffix)
    if kind is None and by_name is None:
        raise InvalidInput(f"The name of {path} doesn't tell its format.", "Add --format jsonl or --format csv.")
    found, usual = by_name or ("jsonl", ",")
    return Form(kind or found, delimiter or usual, columns)


def _refuse_array(read: Read, name: str) -> Read:
    first = True

    def checked(size: int) -> bytes:
        nonlocal first
        block = read(size)
        if first and block.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
            raise InvalidInput(
                f"{name} is one JSON array, not JSON lines.", f"Write one post a line first: jq -c '.[]' {name}"
            )
        first = False
        return block

    return checked
