"""Keeps held items: gives an index that lacks one the item again, and a hold what has become of its item since.

Whatever an index was rebuilt from, or restored from, may lack what is held: `[flagged]` keeps its records for a year, a
hold may last for six. Here the hold gives it back, by the usual way: as a record of `[flagged]`, in the newest version
that the hold knows. So nothing older can win against it, and where the author has deleted the post since, it is the
tombstone that comes back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from elasticsearch import Elasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.index.item_of import NoItem, item_of
from pipeline.message import Outgoing
from pipeline.retention.holds import held_record
from pipeline.settings import Settings
from schemas import codec
from schemas.document import Document
from schemas.hold import Hold
from schemas.identity import document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.mapping import ITEMS
from schemas.topics import FLAGGED

AT_ONCE: Final = 200
"""Documents that Elasticsearch is asked for in one request."""


@dataclass(frozen=True, slots=True)
class Care:
    """What the held items need: records of `[flagged]` for those that the index lacks, and holds that know more now."""

    missing: Sequence[Hold]
    renewed: Sequence[Hold]

    def of(self, uids: Collection[str]) -> Care:
        """What those of ``uids`` need."""
        return Care([one for one in self.missing if one.uid in uids], [one for one in self.renewed if one.uid in uids])

    def holds(self) -> list[Outgoing]:
        """To be sent first: holds are what a lost index is made of."""
        return [held_record(one) for one in self.renewed]

    def items(self) -> list[Outgoing]:
        return [Outgoing(FLAGGED, one.uid.encode(), codec.encode(one.known)) for one in self.missing]


def care_for(holds: Iterable[Hold], stored: Mapping[str, Item | Withdrawn]) -> Care:
    """``stored`` is what the index has, by uid. Pure."""
    missing, renewed = [], []
    for hold in holds:
        there = stored.get(hold.uid)
        if there is None:
            missing.append(hold)
        elif version_of(there) > version_of(hold.known):
            renewed.append(msgspec.structs.replace(hold, latest=there))
        elif version_of(there) < version_of(hold.known):
            missing.append(hold)  # an index of before: from a snapshot
    return Care(missing, renewed)


def stored(client: Elasticsearch, settings: Settings, uids: Sequence[str]) -> dict[str, Item | Withdrawn]:
    """uid → what the index has of it at this moment, tombstones too. Raises what `explained` raises."""
    there: dict[str, Item | Withdrawn] = {}
    for start in range(0, len(uids), AT_ONCE):
        ids = [document_id(*uid.split(":", 1)) for uid in uids[start : start + AT_ONCE]]
        with explained(settings):
            answer = client.mget(index=settings.named(ITEMS.write_alias), ids=ids)
        for record in _records(answer["docs"]):
            there[record.uid] = record
    return there


def _records(documents: Iterable[Mapping[str, Any]]) -> Iterator[Item | Withdrawn]:
    for one in documents:
        if one.get("found"):
            with contextlib.suppress(NoItem):  # what is no document of ours is given again, and loses if it is older
                yield record_of(one["_source"])


def record_of(source: Mapping[str, Any]) -> Item | Withdrawn:
    """The record of `[flagged]` that a document was made of. Raises `NoItem` for what is no document of ours."""
    try:
        return item_of(source)
    except NoItem:
        try:
            document = msgspec.convert(source, Document)
        except msgspec.ValidationError:
            raise NoItem("it is no document of this version of flagpost") from None
        ours = document.flagpost
        return Withdrawn(
            source=ours.source,
            id=ours.post_id,
            reason=ours.withdrawn_reason or "deleted",  # type: ignore[arg-type]  # as it was written
            revision=document.timestamp,
            withdrawn_at=document.event.ingested,
            activation=ours.activation or 1,
            reviews=ours.reviews,
        )
