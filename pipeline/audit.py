"""Writes down who did what: `[audit]`."""

from __future__ import annotations

import datetime as dt

from pipeline.message import Outgoing
from schemas import codec
from schemas.audit import AuditEntry
from schemas.topics import AUDIT

ITSELF = "flagpost"
"""``by`` of what flagpost did by itself."""


def audited(act: str, on: str, at: dt.datetime, by: str = ITSELF, **detail: str) -> Outgoing:
    """The record of one act. ``detail`` never holds the text of a post or a secret; it is cut to what fits."""
    entry = AuditEntry(at=at, by=by, act=act, on=on, detail={name: value[:512] for name, value in detail.items()})
    return Outgoing(AUDIT, on.encode(), codec.encode(entry))
