"""The Elasticsearch document of one line of `[audit]`. As those of schemas/document.py: the mapping is generated from it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from schemas.document import Date, Keyword, Long, Text


class AuditEventFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    action: Keyword
    """The act."""
    created: Date
    """When Kafka took the line in, by the broker's clock."""
    ingested: Date
    """When the index worker stored it."""
    kind: Keyword
    """``event``, as ECS calls what happened."""
    reason: Keyword | None = None
    """What the person said that it was for."""


class AuditUserFields(Struct, frozen=True):
    name: Keyword
    """Of the person, or flagpost."""


class AuditFields(Struct, frozen=True, omit_defaults=True, kw_only=True):
    on: Keyword
    """What it was done to."""
    query: Text | None = None
    """What was searched for."""
    found: Long | None = None
    """How many items a search found."""
    detail: Annotated[dict[str, str], Meta(extra={"es": {"type": "object", "enabled": False}})] = {}
    """All that the line says besides, as it says it; ``reason``, ``query`` and ``found`` stand in it, too."""


class AuditFlagpostFields(Struct, frozen=True):
    audit: AuditFields


class AuditDocument(Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"timestamp": "@timestamp"}):
    """One document of the audit index. It is written once: the index stage creates, and can do nothing else there."""

    timestamp: Date
    """When the act was done, by the clock of who did it."""
    event: AuditEventFields
    user: AuditUserFields
    flagpost: AuditFlagpostFields
