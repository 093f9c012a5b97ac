"""What could not be used: the original bytes as value, why and whence as headers, on `[dead-letters]`."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from schemas.fields import Moment, Short

HEADER_PREFIX = "flagpost-"
MAX_DETAIL = 500


class DeadLetter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The headers of a dead letter. ``detail`` never holds the text of a post.

    ``topic``, ``partition`` and ``offset`` say where the record stood. A line that `flagpost ingest` could not use never
    reached a topic: there ``topic`` is None, and ``origin`` names the file and line.
    """

    reason: Annotated[Short, Meta(description="Short code: not_json, bad_date, too_large, mapping …")]
    stage: Annotated[Short, Meta(description="Who gave up on it: ingest, classify, index …")]
    dead_at: Moment
    detail: Annotated[str, Meta(max_length=MAX_DETAIL)] = ""
    origin: Short | None = None
    topic: Short | None = None
    partition: Annotated[int, Meta(ge=0)] | None = None
    offset: Annotated[int, Meta(ge=0)] | None = None
    tries: Annotated[int, Meta(ge=1)] = 1

    def to_headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers ``flagpost-<field>``, values as UTF-8 text."""
        fields = msgspec.to_builtins(self)
        return [(f"{HEADER_PREFIX}{name}", str(value).encode()) for name, value in fields.items() if value is not None]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> DeadLetter:
        """The reverse of `to_headers`; a header that is missing or unreadable falls back to ``unknown`` or
        to nothing."""
        fields: dict[str, object] = {
            "reason": "unknown",
            "stage": "unknown",
            "dead_at": dt.datetime.fromtimestamp(0, dt.UTC),
        }
        types = {field.name: field.type for field in msgspec.structs.fields(cls)}
        for header, value in headers:
            name = header.removeprefix(HEADER_PREFIX)
            if not header.startswith(HEADER_PREFIX) or name not in types:
                continue
            with contextlib.suppress(msgspec.ValidationError):
                fields[name] = msgspec.convert((value or b"").decode("utf-8", "replace"), types[name], strict=False)
        return cls(**fields)  # type: ignore[arg-type]
