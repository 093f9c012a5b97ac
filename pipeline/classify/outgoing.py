"""What a judged record becomes on `[flagged]`. Pure."""

from __future__ import annotations

import datetime as dt

from schemas.item import Item, Withdrawn, WithdrawnReason
from schemas.post import Post, PostDeleted
from schemas.verdict import Verdict


def outgoing_of(
    record: Post | PostDeleted,
    verdict: Verdict | None,
    activation: int,
    at: dt.datetime,
    judged_before: bool = False,
) -> Item | Withdrawn | None:
    """An item, the news that there is none any more, or nothing: of chatter that never was anything else.

    A post has a ``verdict``. ``judged_before``: another model may have flagged this wording.
    """
    if isinstance(record, Post) and verdict is not None and verdict.label != "chatter":
        return Item(post=record, verdict=verdict, judged_at=at)
    reason = _why_gone(record, judged_before)
    if reason is None:
        return None
    return Withdrawn(
        source=record.source,
        id=record.id,
        reason=reason,
        revision=record.revision,
        withdrawn_at=at,
        activation=activation,
    )


def _why_gone(record: Post | PostDeleted, judged_before: bool) -> WithdrawnReason | None:
    if isinstance(record, PostDeleted):
        return "deleted"
    if record.edited_at is not None:
        return "edited_into_chatter"
    return "judged_again_chatter" if judged_before else None
