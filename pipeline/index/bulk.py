"""Our own bulk writer: one answer for each document, whatever happens to the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from elastic_transport import TlsError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch, UnsupportedProductError

from pipeline.index.result_of import result_of
from pipeline.result import DeadLetter, Halt, Result, Retry

MOST_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one bulk request; larger batches are cut. Elasticsearch advises a few megabytes, and refuses 100."""


@dataclass(frozen=True, slots=True)
class Write:
    """One document to be stored under ``id`` unless a newer version is there; without a version, unless any is."""

    id: str
    version: int | None
    body: bytes
    alias: str | None = None
    """Through which it is stored; None: the writer's own."""


class BulkWriter:
    """Writes documents through aliases, with external versions or once for all."""

    def __init__(self, client: AsyncElasticsearch, alias: str) -> None:
        self._client = client
        self._alias = alias

    async def write(self, writes: Sequence[Write]) -> list[Result]:
        """One result for each write, in order. Never raises for what a cluster can answer."""
        results: list[Result] = []
        for part in _cut(writes):
            results += await self._write_part(part)
        return results

    async def _write_part(self, writes: Sequence[Write]) -> list[Result]:
        try:
            answer = await self._client.bulk(
                operations=_operations(writes),  # type: ignore[arg-type]  # lines of bytes go out as they are
                index=self._alias,
                require_alias=True,
                filter_path="items.*._id,items.*.status,items.*.error.type",
            )
        except UnsupportedProductError:
            return [Halt("What answers is not Elasticsearch.", "Correct FLAGPOST_ELASTICSEARCH_URL.")] * len(writes)
        except ApiError as error:
            return await self._refused(writes, error)
        except TlsError:
            return [
                Halt("The certificate of Elasticsearch is not trusted.", "Set FLAGPOST_ELASTICSEARCH_CA_FILE.")
            ] * len(writes)
        except (TransportError, ValueError, RecursionError) as error:
            # The last two come bare through the client: a redirect to no address, JSON that nests without end.
            return [Retry(f"Elasticsearch did not answer ({type(error).__name__})")] * len(writes)
        return _results(writes, answer.body)

    async def _refused(self, writes: Sequence[Write], error: ApiError) -> list[Result]:
        """The whole request was refused, so nothing in it was stored, and nothing is said about a single document.

        What a proxy answers says even less: its words may echo the request and are never repeated.
        """
        status = error.status_code
        kind = _error_type(error.body)
        if status == 413 or (status == 400 and kind):
            # Too much at once, or one line that spoils the request: halves find out which.
            if len(writes) > 1:
                middle = len(writes) // 2
                return await self._write_part(writes[:middle]) + await self._write_part(writes[middle:])
            if status == 413:
                return [DeadLetter("too_large", "Elasticsearch refuses a document of this size")]
            return [result_of({"status": 400, "error": {"type": kind}})]
        if status in (401, 403, 404):
            return [result_of({"status": status, "error": {"type": kind}})] * len(writes)
        return [Retry(f"Elasticsearch answered {status}")] * len(writes)


def _error_type(body: Any) -> str:
    """Elasticsearch's own name for what is wrong; empty when the answer is not Elasticsearch's."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("type", "")) if isinstance(error, dict) else ""


def _cut(writes: Sequence[Write]) -> list[Sequence[Write]]:
    """The writes in order, in parts of at most `MOST_BYTES` (or one document)."""
    parts: list[Sequence[Write]] = []
    start = size = 0
    for index, write in enumerate(writes):
        if index > start and size + len(write.body) > MOST_BYTES:
            parts.append(writes[start:index])
            start, size = index, 0
        size += len(write.body)
    if start < len(writes):
        parts.append(writes[start:])
    return parts


def _operations(writes: Sequence[Write]) -> list[bytes]:
    lines: list[bytes] = []
    for write in writes:
        action: dict[str, Any] = {"_id": write.id}
        if write.version is not None:
            action |= {"version": write.version, "version_type": "external_gte"}
        if write.alias is not None:
            action["_index"] = write.alias
        lines += (msgspec.json.encode({_kind(write): action}), write.body)
    return lines


def _kind(write: Write) -> str:
    """``create`` never overwrites: it takes a right of its own, that of the index worker on the audit log."""
    return "create" if write.version is None else "index"


def _results(writes: Sequence[Write], body: Any) -> list[Result]:
    """A result for each write; an answer that does not match the request line by line is no answer."""
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or len(items) != len(writes):
        return [Retry("a bulk answer of the wrong length")] * len(writes)
    results: list[Result] = []
    for write, line in zip(writes, items, strict=True):
        inner = line.get(_kind(write)) if isinstance(line, dict) else None
        if not isinstance(inner, dict) or inner.get("_id", write.id) != write.id:
            return [Retry("a bulk answer in the wrong order")] * len(writes)
        results.append(result_of(inner))
    return results
