"""Looks after holds: what has lapsed is released, held items that the index lacks are given back, and holds learn what has
become of their items.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from elasticsearch import Elasticsearch
from msgspec import Struct

from pipeline.audit import audited, record
from pipeline.message import Outgoing
from pipeline.retention.clocks import require_not_ahead
from pipeline.retention.hold_book import NOBODY, HoldBook
from pipeline.retention.holds import ended
from pipeline.retention.keep import care_for, stored
from pipeline.send import send
from pipeline.settings import Settings
from schemas.hold import Hold
from schemas.identity import document_id
from schemas.topics import HOLDS

AGAIN: Final = "Then run `flagpost retain` again: it goes on where it was."


class Tended(Struct, kw_only=True):
    """What was done about holds, or would be."""

    lapsed: list[str]
    """``_id`` of items whose hold has lapsed, and is released."""
    to_forget: list[str]
    """``_id`` of items that nobody holds any more and whose post is to be forgotten: they wait for `flagpost forget`."""
    restored: int
    """Held items that the index had not, or had in an older version."""
    renewed: int
    """Holds that know of an edit, a decision or a delete now."""


def tend(
    settings: Settings, client: Elasticsearch, book: HoldBook, now: dt.datetime, by: str, dry_run: bool = False
) -> Tended:
    """``by`` is who asked for it. Raises `NotSetUp`, `KafkaUnavailable`, `ElasticsearchUnavailable`, `AccessRefused` or
    `StageHalted`; what is left to do is found again by the next call.
    """
    holds = dict(book.look())
    kept = [hold for hold in holds.values() if hold.in_force(now)]
    over = [hold for hold in holds.values() if not hold.in_force(now)]
    lapsed = [hold for hold in over if hold.to_forget is None]
    care = care_for(kept, stored(client, settings, [hold.uid for hold in kept]))
    if not dry_run:
        lines = [audited("hold-lapsed", _id(one), now, by, since=str(one.at)) for one in lapsed]
        require_not_ahead(now, record(settings, *lines))
        same = unchanged(holds, book.look())
        released = [ended(one) for one in lapsed if one.uid in same]
        needed = care.of(same)
        book.write([*released, *needed.holds(), Outgoing(HOLDS, NOBODY, None)], AGAIN)
        send(settings, needed.items(), AGAIN)
    return Tended(
        lapsed=[_id(one) for one in lapsed],
        to_forget=[_id(one) for one in over if one.to_forget is not None],
        restored=len(care.missing),
        renewed=len(care.renewed),
    )


def unchanged(before: Mapping[str, Hold], after: Mapping[str, Hold]) -> set[str]:
    """uids that nobody has held anew or released meanwhile: what is written of the others would undo that. Pure."""
    return {uid for uid, hold in after.items() if before.get(uid) == hold}


def _id(hold: Hold) -> str:
    return document_id(hold.source, hold.id)
