"""Who a document is and which of its versions wins. Part of the contract: the outcomes name documents by the same id.

The version is one number of 63 bits, so that Elasticsearch's external versions order everything that can happen to a
post, most significant first:

    ┌───────┬──────────────────────┬─────────┬────────────┐
    │ 1 bit │ 42 bits              │ 10 bits │ 10 bits    │
    │ delete│ post revision, in ms │ reviews │ activation │
    └───────┴──────────────────────┴─────────┴────────────┘

So a delete is final, an edit beats an old verdict, an analyst's decision outlives every replay, a newer model beats an
older one, and a replay changes nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

from schemas.item import Item, Withdrawn

REVISION_BITS = 42  # milliseconds since 1970: enough until the year 2109
REVIEW_BITS = 10
ACTIVATION_BITS = 10


class VersionOutOfRange(ValueError):
    """A part of the version does not fit its bits; the record can't be ordered and is a dead letter."""


def document_id(source: str, post_id: str) -> str:
    """``_id`` of a post's document: 52 characters, lower-case base32 of sha256(source NUL id)."""
    digest = hashlib.sha256(f"{source}\0{post_id}".encode()).digest()
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def milliseconds(moment: dt.datetime) -> int:
    """Whole milliseconds since 1970, by integer arithmetic: no float may round a version."""
    return (moment - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(milliseconds=1)


def version_of(record: Item | Withdrawn) -> int:
    """The version of ``record``'s document, 0 ≤ version < 2**63. Raises `VersionOutOfRange`."""
    deleted = isinstance(record, Withdrawn) and record.reason == "deleted"
    parts = (
        (int(deleted), 1, "delete"),
        (milliseconds(record.revision), REVISION_BITS, "revision"),
        (record.reviews, REVIEW_BITS, "reviews"),
        (record.activation, ACTIVATION_BITS, "activation"),
    )
    version = 0
    for value, bits, name in parts:
        if not 0 <= value < 1 << bits:
            raise VersionOutOfRange(f"{name} {value} does not fit {bits} bits")
        version = version << bits | value
    return version
