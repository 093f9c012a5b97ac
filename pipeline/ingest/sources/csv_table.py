"""CSV as RFC 4180 has it: a header, quoted cells that may hold delimiters, doubled quotes and line breaks.

A record that can't be read (a quote that is never closed, text after a closing quote, too many cells) costs its first line
only: reading goes on with the next line, so one stray quote does not swallow the posts after it.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.errors import InvalidInput
from pipeline.ingest.sources import Entry
from pipeline.ingest.sources.jsonl import put, too_long
from pipeline.ingest.sources.lines import Line
from schemas.codec import InvalidMessage
from schemas.post import MAX_POST_BYTES

MAX_RECORD_LINES = 1000
"""Most lines that one record may span; more is a quote that was never closed."""

MAX_RECORD_BYTES = 2 * MAX_POST_BYTES
"""Most bytes that a record of several lines may have: as CSV, a post is about as long as it is as JSON."""

csv.field_size_limit(4 * 1024 * 1024)


def read_header(line: Line | None, delimiter: str, columns: Mapping[str, str], name: str) -> list[str]:
    """Names of the columns as ours. Raises `InvalidInput` when the header or ``columns`` (ours → theirs) can't be used."""
    if line is None or line.raw is None:
        raise InvalidInput(f"{name} has no header.", "The first line of a CSV file must name its columns.")
    try:
        header = [cell.strip() for cell in _cells(line.raw.removeprefix(codecs.BOM_UTF8), delimiter)]
    except InvalidMessage as fault:
        raise InvalidInput(
            f"The header of {name} can't be read: {fault.detail}.", "It must be one line, in UTF-8."
        ) from None
    if len(set(header)) < len(header) or "" in header:
        raise InvalidInput(
            f"The header of {name} names a column twice, or not at all.", "Give each column its own name."
        )
    if unknown := [theirs for theirs in columns.values() if theirs not in header]:
        known = ", ".join(column for column in header if column.isprintable())
        raise InvalidInput(
            f"{name} has no column {unknown[0]!r}, which --map names.", f"Its columns are: {known[:500]}."
        )
    ours = {theirs: field for field, theirs in columns.items()}
    names = [ours.get(column, column) for column in header]
    if len(set(names)) < len(names):
        raise InvalidInput(
            f"With --map, two columns of {name} mean the same field.", "Map the other one to another name."
        )
    return names


def read_csv(lines: Iterable[Line], names: list[str], delimiter: str) -> Iterator[Entry]:
    """One entry for each record after the header; an empty cell is a missing value, but an empty text is a text."""
    waiting: deque[Line] = deque()
    source = iter(lines)

    def next_line() -> Line | None:
        return waiting.popleft() if waiting else next(source, None)

    while (first := next_line()) is not None:
        if first.raw is None:
            yield Entry(first.number, first.after, None, too_long(first.size))
            continue
        if not first.raw or first.raw.isspace():
            continue
        record, size, closed = [first], first.size, _closes(first.raw, delimiter)
        fault: InvalidMessage | None = None
        while not closed and fault is None:
            following = next_line()
            size += following.size if following else 0
            too_much = size > MAX_RECORD_BYTES or len(record) == MAX_RECORD_LINES
            if following is None or following.raw is None or too_much:
                fault = InvalidMessage("not_csv", "a quote that opens in this line is never closed")
                if following is not None:
                    waiting.appendleft(following)
            else:
                record.append(following)
                closed = _closes(following.raw, delimiter, inside=True)
        raw = b"\n".join(line.raw or b"" for line in record)
        fields = fault or _fields(raw, names, delimiter)
        if isinstance(fields, InvalidMessage) and len(record) > 1:
            waiting.extendleft(reversed(record[1:]))
            record, raw = record[:1], first.raw
        yield Entry(first.number, record[-1].after, raw, fields)


def _closes(line: bytes, delimiter: str, inside: bool = False) -> bool:
    """Whether the record ends with ``line``: no quoted cell is open behind it. ``inside``: one was open before it."""
    if b'"' not in line:
        return not inside
    mark = delimiter.encode()
    place = 0
    while True:
        if inside:
            end = line.find(b'"', place)
            if end < 0:
                return False
            if line[end + 1 : end + 2] == b'"':
                place = end + 2
                continue
            inside, place = False, end + 1
        if not inside:
            if line[place : place + 1] == b'"' and (place == 0 or line[place - 1 : place] == mark):
                inside, place = True, place + 1
                continue
            following = line.find(mark, place)
            if following < 0:
                return True
            place = following + 1


def _fields(raw: bytes, names: list[str], delimiter: str) -> dict[str, Any] | InvalidMessage:
    try:
        cells = _cells(raw, delimiter)
        if len(cells) != len(names):
            raise InvalidMessage("not_csv", f"{len(cells)} cells; the header has {len(names)}")
    except InvalidMessage as fault:
        return fault
    fields: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=True):
        if cell or name == "text":
            put(fields, name, _number(cell) if name in ("place.lat", "place.lon") else cell)
    return fields


def _cells(raw: bytes, delimiter: str) -> list[str]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidMessage("not_utf8", f"byte {error.start} is not UTF-8") from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InvalidMessage("not_csv", str(error).partition(":")[0][:200]) from None
    if len(rows) != 1:
        raise InvalidMessage("not_csv", "a quote or a line break stands where none may")
    return rows[0]


def _number(cell: str) -> float | str:
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell
