"""JSON lines: one object a line, UTF-8; a byte order mark at the start is tolerated."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from pipeline.ingest.sources import Entry
from pipeline.ingest.sources.lines import Line
from schemas.codec import InvalidMessage


def read_jsonl(lines: Iterable[Line], columns: Mapping[str, str]) -> Iterator[Entry]:
    """One entry for each line that is not blank. ``columns`` maps our field → the key that the file uses for it."""
    for line in lines:
        if line.raw is None:
            yield Entry(line.number, line.after, None, too_long(line.size))
            continue
        text = line.raw.removeprefix(codecs.BOM_UTF8) if line.number == 1 else line.raw
        if text and not text.isspace():
            yield Entry(line.number, line.after, line.raw, _fields(text, columns))


def parse_object(text: bytes) -> dict[str, Any]:
    """The JSON object that ``text`` holds. Raises `InvalidMessage`, which never quotes it."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidMessage(*_fault(text, error)) from None
    if not isinstance(value, dict):
        raise InvalidMessage("wrong_shape", "not a JSON object")
    return value


def renamed(fields: dict[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """``fields`` under our names; ``author.handle`` as a name of ours reaches into ``author``."""
    if not columns:
        return fields
    taken = set(columns.values())
    result = {name: value for name, value in fields.items() if name not in taken}
    for ours, theirs in columns.items():
        if theirs in fields:
            if ours in result:  # a key of the file that has our name and another meaning is kept like any unknown one
                put(result, f"extra.{ours}", result[ours])
            put(result, ours, fields[theirs])
    return result


def put(fields: dict[str, Any], name: str, value: Any) -> None:
    """Sets ``name`` of ``fields``; a dot reaches into an object, which is made when missing."""
    outer, dot, inner = name.partition(".")
    if not dot:
        fields[name] = value
        return
    part = fields.get(outer)
    fields[outer] = {**part, inner: value} if isinstance(part, dict) else {inner: value}


def too_long(size: int) -> InvalidMessage:
    return InvalidMessage("too_large", f"a line of {size} bytes is more than a dead letter can hold")


def _fields(text: bytes, columns: Mapping[str, str]) -> dict[str, Any] | InvalidMessage:
    try:
        return renamed(parse_object(text), columns)
    except InvalidMessage as fault:
        return fault


def _fault(text: bytes, error: Exception) -> tuple[str, str]:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as fault:
        return "not_utf8", f"byte {fault.start} is not UTF-8"
    return "not_json", "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
