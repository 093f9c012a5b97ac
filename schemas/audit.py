"""Who did what, and when: one record an act on `[audit]`, never with the text of a post."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.fields import Moment, Short

MOST_CHARACTERS: Final = 4096
"""Of one value of ``detail``: a search can be as long as that."""

LOOKS: Final = frozenset(
    {
        "alert-viewed",
        "alerts-listed",
        "alerts-watched",
        "audit-read",
        "dead-letter-viewed",
        "decisions-exported",
        "decisions-viewed",
        "forget-sought",
        "hold-viewed",
        "items-exported",
        "items-export-ended",
        "items-searched",
    }
)
"""Acts by which a person saw what posts say, and changed nothing."""

Told = Annotated[str, Meta(max_length=MOST_CHARACTERS)]


class AuditEntry(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="audit"):
    """One act of a person or of flagpost itself."""

    at: Moment
    by: Annotated[Short, Meta(description="Name of the person, or flagpost")]
    act: Annotated[
        str,
        Meta(
            pattern=r"^[a-z]+(-[a-z]+)*(?![\s\S])",
            max_length=64,
            description="page-sent, page-failed, alert-acknowledged, alert-resolved, review-decided, items-searched …",
        ),
    ]
    on: Annotated[Short, Meta(description="What it was done to: an alert's id, a document's id, a topic …")]
    detail: Annotated[
        dict[str, Told], Meta(max_length=32, description="Channel, recipient, delivery id, answer, query, what for …")
    ] = {}
