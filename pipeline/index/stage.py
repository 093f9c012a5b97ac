"""The index stage: `[flagged]`, `[alerts]` and `[audit]` → Elasticsearch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from elasticsearch import AsyncElasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.errors import NotSetUp
from pipeline.index.alert_document import alert_document_of
from pipeline.index.audit_document import audit_document_of, audit_id
from pipeline.index.bulk import BulkWriter, Write
from pipeline.index.document import document_of
from pipeline.message import Message
from pipeline.result import DeadLetter, Done, End, Result, Retry
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


class IndexStage:
    """Stores items, tombstones, alerts and audit lines. See `pipeline.delivery.Stage` for what a stage promises."""

    name = "index"

    def __init__(
        self,
        writer: BulkWriter,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        alerts_alias: str = ALERTS_INDEX.write_alias,
        audit_alias: str = AUDIT_INDEX.write_alias,
    ) -> None:
        """``writer`` writes items; alerts and audit lines go through their aliases in the same request."""
        self._writer = writer
        self._clock = clock
        self._alerts_alias = alerts_alias
        self._audit_alias = audit_alias

    async def handle(self, messages: Sequence[Message]) -> Sequence[Result]:
        """Stores every message of the batch that can be stored, in one bulk request."""
        results: list[Result | None] = []
        writes: list[Write] = []
        for message in messages:
            prepared = self._prepare(message)
            if isinstance(prepared, Write):
                writes.append(prepared)
                results.append(None)
            else:
                results.append(prepared)
        written = iter(await self._writer.write(writes) if writes else [])
        return [next(written) if result is None else result for result in results]

    async def settle(self, ends: Sequence[tuple[Message, End]]) -> Retry | None:
        """Nothing to settle: the index holds the whole effect."""
        return None

    def _prepare(self, message: Message) -> Write | End:
        try:
            match message.topic:
                case ALERTS.name:
                    return self._alert(message)
                case AUDIT.name:
                    return self._line(message)
                case _:
                    return self._record(message)
        except InvalidMessage as fault:
            return DeadLetter(fault.reason, fault.detail)
        except VersionOutOfRange as fault:
            return DeadLetter("version_out_of_range", str(fault))

    def _record(self, message: Message) -> Write | End:
        record: Item | Withdrawn = codec.decode(FLAGGED, message.value)
        if isinstance(record, Item) and record.verdict.label == "chatter":
            return DeadLetter("wrong_shape", "an item that is chatter")
        body = codec.encode(document_of(record, self._clock()))
        return Write(document_id(record.source, record.id), version_of(record), body)

    def _alert(self, message: Message) -> Write | End:
        if message.value is None:
            return Done("forgotten")  # by the topic alone: what was paged stays to be seen
        alert: Alert = codec.decode(ALERTS, message.value)
        body = codec.encode(alert_document_of(alert, self._clock()))
        return Write(alert.id, alert.sequence, body, self._alerts_alias)

    def _line(self, message: Message) -> Write:
        entry: AuditEntry = codec.decode(AUDIT, message.value)
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
