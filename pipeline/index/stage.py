"""The index stage: `[flagged]` → Elasticsearch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from elasticsearch import AsyncElasticsearch

from pipeline.elasticsearch_client import explained
from pipeline.errors import NotSetUp
from pipeline.index.bulk import BulkWriter, Write
from pipeline.index.document import document_of
from pipeline.message import Message
from pipeline.result import DeadLetter, End, Result, Retry
from pipeline.settings import Settings
from schemas import codec, mapping
from schemas.codec import InvalidMessage
from schemas.identity import VersionOutOfRange, document_id, version_of
from schemas.item import Item, Withdrawn
from schemas.topics import FLAGGED


class IndexStage:
    """Stores items and tombstones. See `pipeline.delivery.Stage` for what a stage promises."""

    name = "index"

    def __init__(self, writer: BulkWriter, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._writer = writer
        self._clock = clock

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

    def _prepare(self, message: Message) -> Write | DeadLetter:
        try:
            record: Item | Withdrawn = codec.decode(FLAGGED, message.value)
            if isinstance(record, Item) and record.verdict.label == "chatter":
                return DeadLetter("wrong_shape", "an item that is chatter")
            body = codec.encode(document_of(record, self._clock()))
            return Write(document_id(record.source, record.id), version_of(record), body)
        except InvalidMessage as fault:
            return DeadLetter(fault.reason, fault.detail)
        except VersionOutOfRange as fault:
            return DeadLetter("version_out_of_range", str(fault))


async def check_mapping(client: AsyncElasticsearch, settings: Settings) -> None:
    """Raises `NotSetUp` when the index is missing or its mapping is older than this version of flagpost."""
    alias = settings.named(mapping.WRITE_ALIAS)
    with explained(settings):
        answer = await client.indices.get_mapping(index=alias)
    for body in answer.body.values():
        meta = body["mappings"].get("_meta", {}).get("flagpost", {})
        found = (meta.get("generation", 0), meta.get("revision", 0))
        if found < (mapping.GENERATION, mapping.MAPPING_REVISION):
            raise NotSetUp(
                "The index's mapping is older than this version of flagpost.",
                "Run `flagpost setup`, then start the worker again.",
            )
