"""A file of posts as somebody else wrote it: JSON lines, CSV, TSV or a text a line, read whole."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from pipeline.errors import InvalidInput

Kind = Literal["jsonl", "csv", "tsv", "txt"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TEXT: Final = "text"
"""The one column of a file that has a text a line."""

_BY_SUFFIX: Final[dict[str, Kind]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "txt",
}
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written. ``kind`` None: as its name says."""

    kind: Kind | None = None
    encoding: str = "utf-8"
    quoted: bool = True
    """Whether a quotation mark at a cell's start encloses the cell, as in CSV, or is a character like any other."""
    header: bool = True
    """Whether the first row names the columns; without, they are called 1, 2, 3 …"""


@dataclass(frozen=True, slots=True)
class Record:
    """One post's fields, and the line that it begins at."""

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` in the order in which they came."""

    name: str
    kind: Kind
    columns: list[str]
    records: list[Record]


def read_table(path: Path, form: Form) -> Table:
    """All records of ``path`` (``-``: standard input); blank lines are none. Raises `InvalidInput`."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", "Name one file in it.")
    if str(path) != "-" and not path.exists():
        raise InvalidInput(f"There is no file {path}.", "Check its name.")
    kind = form.kind or _BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        which = "Standard input" if str(path) == "-" else f"The name of {path}"
        raise InvalidInput(f"{which} doesn't tell its format.", f"Add --format with one of {', '.join(KINDS)}.")
    text = _decoded(_bytes(path), path, form.encoding)
    if kind == "txt":
        columns, records = [TEXT], list(_lines(text))
    elif kind == "jsonl":
        records = list(_objects(text, path))
        columns = list(dict.fromkeys(name for record in records for name in record.fields))
    else:
        columns, records = _rows(text, path, kind, form)
    if not records:
        raise InvalidInput(
            f"{path} holds no posts.", "Name a file that does." if text.strip() else "The file is empty."
        )
    return Table(str(path), kind, columns, records)


def _bytes(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.", "Check the name and its rights.") from None


def _decoded(data: bytes, path: Path, encoding: str) -> str:
    try:
        found = codecs.lookup(encoding)
    except LookupError:
        raise InvalidInput(
            f"There is no encoding {encoding!r}.", "For example: utf-8, cp1252, iso-8859-15, utf-16."
        ) from None
    if found.name == "utf-8":
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InvalidInput(f"{path} is written in UTF-16.", "Add --encoding utf-16.")
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode(found.name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if b"\0" in data[:8192]:
            raise _binary(path) from None
        raise InvalidInput(
            f"Line {line:,} of {path} is not {encoding}: the byte {data[error.start]:#04x} is not valid there.",
            "Name the encoding: files from Windows are often --encoding cp1252, from Excel sometimes utf-16.",
        ) from None
    except (UnicodeError, TypeError, LookupError, ValueError):  # codecs that are none of text: base64, idna …
        raise InvalidInput(f"{path} can't be read as {encoding!r}.", "For example: --encoding cp1252") from None
    if "\0" in text:
        raise _binary(path)
    return text


def _binary(path: Path) -> InvalidInput:
    return InvalidInput(f"{path} is not text: it holds zero bytes.", "Export the posts as JSON lines or CSV first.")


def _lines(text: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield Record(number, {TEXT: line.removesuffix("\r")})


def _objects(text: str, path: Path) -> Iterator[Record]:
    if text.lstrip().startswith("["):
        raise InvalidInput(
            f"{path} is one JSON array, not JSON lines.", f"Write one post a line first: jq -c '.[]' {path}"
        )
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, ValueError):
            fields = None
        if not isinstance(fields, dict):
            raise InvalidInput(
                f"Line {number:,} of {path} is not a JSON object.", "Correct the line, or say what it is with --format."
            )
        yield Record(number, fields)


def _rows(text: str, path: Path, kind: Kind, form: Form) -> tuple[list[str], list[Record]]:
    delimiter = "\t" if kind == "tsv" else _delimiter(text)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if form.quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    columns: list[str] | None = None
    records: list[Record] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                if columns is None:
                    columns = _names(row, path) if form.header else [str(place + 1) for place in range(len(row))]
                    if form.header:
                        line = reader.line_num + 1
                        continue
                if len(row) > len(columns):
                    raise InvalidInput(
                        f"Line {line:,} of {path} has {len(row)} cells, where the first row has {len(columns)}.",
                        "A cell that holds the delimiter must be quoted; if quotation marks mean nothing, add --no-quotes.",
                    )
                records.append(Record(line, dict(zip(columns, row, strict=False))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"The row at line {line:,} of {path} is damaged: {error}.",
            "Look for a quotation mark that is never closed; if quotation marks mean nothing, add --no-quotes.",
        ) from None
    return columns or [], records


def _delimiter(text: str) -> str:
    """What parts the first row into most cells; a comma where nothing does."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return max(_DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))


def _names(row: list[str], path: Path) -> list[str]:
    names = [cell.strip() for cell in row]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InvalidInput(
            f"The column {twice[0][:40]!r} appears twice in {path}.", "Rename one, or number the columns: --no-header."
        )
    return [name or str(place + 1) for place, name in enumerate(names)]
