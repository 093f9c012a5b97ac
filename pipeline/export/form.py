"""How an item is written: as a row of CSV, or as a line of JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pipeline.errors import InvalidInput
from pipeline.export.columns import COLUMNS, row
from pipeline.index.search import Hit
from pipeline.safe_text import json_line

Form = Literal["csv", "jsonl"]

FORMS: Final[tuple[Form, ...]] = ("csv", "jsonl")

_BY_SUFFIX: Final[dict[str, Form]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def form_of(path: Path | None, given: Form | None) -> Form:
    """What was ``given``, else what the name of ``path`` says, else CSV. Raises `InvalidInput` where the two disagree."""
    named = _BY_SUFFIX.get(path.suffix.lower()) if path else None
    if given and named and given != named:
        raise InvalidInput(
            f"{path} is named as {named}, and {given} would be written to it.", f"Give it a name that ends in .{given}."
        )
    return given or named or "csv"


def writer_of(form: Form, stream: BinaryIO, byte_order_mark: bool = False) -> Callable[[Hit], None]:
    """What writes one item after another to ``stream``, in UTF-8; the head of a CSV is written at once.

    CSV is RFC 4180's: commas, CRLF behind each row, every text in quotes, so that a text may hold line ends. JSONL is the
    stored document with ``_id``, value for value, as of `flagpost search --json`.
    """
    if form == "jsonl":
        return lambda hit: _write(stream, json_line({"_id": hit.id, **hit.document}) + "\n")
    if byte_order_mark:
        stream.write(BYTE_ORDER_MARK)
    line = io.StringIO(newline="")
    rows = csv.writer(line, quoting=csv.QUOTE_NONNUMERIC)

    def write(cells: list[str | float]) -> None:
        rows.writerow(cells)
        _write(stream, line.getvalue())
        line.seek(0)
        line.truncate()

    write(list(COLUMNS))
    return lambda hit: write(row(hit))


def _write(stream: BinaryIO, text: str) -> None:
    stream.write(text.encode("utf-8"))
