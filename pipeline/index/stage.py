"""The index stage: `[flagged]`, `[alerts]` and `[audit]` → Elasticsearch."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Final

from elasticsearch import AsyncElasticsearch

from pipeline.circle import Circle
from pipeline.elasticsearch_client import explained
from pipeline.errors import KafkaUnavailable, NotSetUp
from pipeline.index.alert_document import alert_document_of
from pipeline.index.audit_document import audit_document_of, audit_id
from pipeline.index.bulk import BulkWriter, Write
from pipeline.index.document import document_of
from pipeline.message import Message
from pipeline.result import DeadLetter, Done, End, Result, Retry
from pipeline.retention.age import Ages
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Alert
from schemas.audit import AuditEntry
from schemas.codec import InvalidMessage
from schemas.identity import VersionOutOfRange, document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.mapping import ALERTS as ALERTS_INDEX
from schemas.mapping import AUDIT as AUDIT_INDEX
from schemas.mapping import INDICES
from schemas.topics import ALERTS, AUDIT, FLAGGED

EXPIRED: Final = Done("expired")
"""It has been kept for long enough: a replay does not bring it back. Nobody holds it."""


class IndexStage:
    """Stores items, tombstones, alerts and audit lines. See `pipeline.delivery.Stage` for what a stage promises."""

    name = "index"

    def __init__(
        self,
        writer: BulkWriter,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        alerts_alias: str = ALERTS_INDEX.write_alias,
        audit_alias: str = AUDIT_INDEX.write_alias,
        ages: Ages | None = None,
        held: Callable[[], Collection[str]] = frozenset,
        area: Circle | None = None,
    ) -> None:
        """``writer`` writes items; alerts and audit lines go through their aliases in the same request.

        What is older than ``ages`` is not stored, but for the uids that are ``held``, which may block: it is asked only
        when something is over. Without ages everything is stored. ``area`` is where posts are likely to speak of.
        """
        self._writer = writer
        self._clock = clock
        self._alerts_alias = alerts_alias
        self._audit_alias = audit_alias
        self._ages = ages
        self._held = held
        self._area = area

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """Stores every message of the batch that can be stored, in one bulk request."""
        prepared: list[Write | Result] = [self._prepare(message) for message in messages]
        if EXPIRED in prepared:
            prepared = await self._but_for_held(messages, prepared)
        writes = [one for one in prepared if isinstance(one, Write)]
        written = iter(await self._writer.write(writes) if writes else [])
        return [next(written) if isinstance(one, Write) else one for one in prepared]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Nothing to settle: the index holds the whole effect."""
        return None

    async def _but_for_held(self, messages: Sequence[Message], prepared: list[Write | Result]) -> list[Write | Result]:
        """``prepared`` with what is over and held prepared after all. Tried again while nobody can say what is held."""
        try:
            held = await asyncio.to_thread(self._held)
        except KafkaUnavailable:
            unknown = Retry("it can't be read what is held")
            return [unknown if one == EXPIRED else one for one in prepared]
        return [
            self._prepare(message, held) if one == EXPIRED else one
            for message, one in zip(messages, prepared, strict=True)
        ]

    def _prepare(self, message: Message, held: Collection[str] = ()) -> Write | End:
        try:
            match message.topic:
                case ALERTS.name:
                    return self._alert(message)
                case AUDIT.name:
                    return self._line(message)
                case _:
                    return self._record(message, held)
        except InvalidMessage as fault:
            return DeadLetter(fault.reason, fault.detail)
        except VersionOutOfRange as fault:
            return DeadLetter("version_out_of_range", str(fault))

    def _record(self, message: Message, held: Collection[str]) -> Write | End:
        record: Item | Withdrawn = codec.decode(FLAGGED, message.value)
        if isinstance(record, Item) and record.verdict.label == "chatter":
            return DeadLetter("wrong_shape", "an item that is chatter")
        if isinstance(record, Item) and self._is_over(record) and record.uid not in held:
            return EXPIRED
        body = codec.encode(document_of(record, self._clock(), self._area))
        return Write(document_id(record.source, record.id), version_of(record), body)

    def _is_over(self, item: Item) -> bool:
        return self._ages is not None and self._ages.item_is_over(item, self._clock())

    def _alert(self, message: Message) -> Write | End:
        if message.value is None:
            return Done("forgotten")  # by the topic alone: what was paged stays to be seen
        alert: Alert = codec.decode(ALERTS, message.value)
        if self._ages and self._ages.alert_is_over(alert, self._clock()):
            return EXPIRED
        body = codec.encode(alert_document_of(alert, self._clock()))
        return Write(alert.id, alert.sequence, body, self._alerts_alias)

    def _line(self, message: Message) -> Write | End:
        entry: AuditEntry = codec.decode(AUDIT, message.value)
        if self._ages and self._ages.line_is_over(message.timestamp, self._clock()):
            return EXPIRED
        body = codec.encode(audit_document_of(entry, message.timestamp, self._clock()))
        return Write(audit_id(entry), None, body, self._audit_alias)


async def check_mapping(client: AsyncElasticsearch, settings: Settings) -> None:
    """Raises `NotSetUp` when an index is missing or its mapping is older than this version of flagpost."""
    for wanted in INDICES:
        with explained(settings):
            answer = await client.indices.get_mapping(index=settings.named(wanted.write_alias))
        for name, body in answer.body.items():
            meta = body["mappings"].get("_meta", {}).get("flagpost", {})
            if (meta.get("generation", 0), meta.get("revision", 0)) < (wanted.generation, wanted.revision):
                raise NotSetUp(
                    f"The mapping of {name} is older than this version of flagpost.",
                    "Run `flagpost setup`, then start the worker again.",
                )
