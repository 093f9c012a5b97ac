"""A line of `[audit]` → the document that is stored, and the exact way back."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas import codec
from schemas.audit import AuditEntry
from schemas.audit_document import AuditDocument, AuditEventFields, AuditFields, AuditFlagpostFields, AuditUserFields


def audit_id(entry: AuditEntry) -> str:
    """``_id`` of a line's document: lower-case base32 of the sha256 of what the line says.

    By its content and not by its place in the topic: a line that a stage tells twice after a crash is stored once, a topic
    that was made again begins with offset 0 and overwrites and hides nothing, and a document that somebody altered no
    longer fits its id. Two acts that are told in the same words, to the microsecond, by one person, are one.
    """
    return base64.b32encode(hashlib.sha256(codec.encode(entry)).digest()).decode("ascii").rstrip("=").lower()


def audit_document_of(entry: AuditEntry, created: dt.datetime, now: dt.datetime) -> AuditDocument:
    """The document of ``entry``, which Kafka took in at ``created``, stored ``now``."""
    found = entry.detail.get("found", "")
    return AuditDocument(
        timestamp=entry.at,
        event=AuditEventFields(
            action=entry.act, created=created, ingested=now, kind="event", reason=entry.detail.get("why")
        ),
        user=AuditUserFields(entry.by),
        flagpost=AuditFlagpostFields(
            AuditFields(
                on=entry.on,
                query=entry.detail.get("query"),
                found=int(found) if found.isascii() and found.isdecimal() and len(found) < 19 else None,
                detail=entry.detail,
            )
        ),
    )


def entry_of(source: Mapping[str, Any]) -> AuditEntry | None:
    """The line of a document as Elasticsearch gives it back (``_source``); None where it is no such document."""
    read = _read(source)
    return read[1] if read else None


def written_down(source: Mapping[str, Any]) -> dt.datetime | None:
    """When Kafka took the line of a document in; None where it is no such document."""
    read = _read(source)
    return read[0].event.created if read else None


def is_as_written(id: str, source: Mapping[str, Any]) -> bool:
    """Whether the document ``id`` is what was made of its line, which the id is the hash of.

    Only when Kafka and the index took it in is not part of the line, so nothing vouches for those two moments.
    """
    if (read := _read(source)) is None:
        return False
    document, entry = read
    again = audit_document_of(entry, document.event.created, document.event.ingested)
    return audit_id(entry) == id and again == document


def _read(source: Mapping[str, Any]) -> tuple[AuditDocument, AuditEntry] | None:
    try:
        document = msgspec.convert(source, AuditDocument)
        ours = document.flagpost.audit
        entry = AuditEntry(
            at=document.timestamp, by=document.user.name, act=document.event.action, on=ours.on, detail=ours.detail
        )
        bounded = msgspec.convert(msgspec.to_builtins(entry), AuditEntry)  # within the bounds of a line, too
    except msgspec.ValidationError:
        return None
    moments = (document.event.created, document.event.ingested)
    return (document, bounded) if all(one.tzinfo for one in moments) else None
