"""What one line of a bulk answer means for the message behind it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.result import DeadLetter, Done, Halt, Result, Retry

_RETRY_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})

# What a document itself can be guilty of. Anything else that is refused as 400 is the index's or the cluster's fault.
_DOCUMENT_FAULTS: Final = frozenset(
    {
        "document_parsing_exception",
        "mapper_parsing_exception",
        "mapper_exception",
        "parsing_exception",
        "x_content_parse_exception",
    }
)

_SETUP = "Run `flagpost setup`, then start the worker again."


def result_of(item: Mapping[str, Any]) -> Result:
    """``item`` is the inner object of a bulk answer's line: ``{"status": …, "error": {…}}``.

    409 is Done: a newer version is there already. What the cluster will never take is a dead letter, what it can't take now
    is tried again, and what an administrator must repair halts the stage.
    """
    status = item.get("status")
    error = item.get("error") or {}
    kind = str(error.get("type", "")) if isinstance(error, Mapping) else str(error)
    if not isinstance(status, int):
        return Retry("a bulk line without a status")
    if 200 <= status < 300:
        return Done("indexed")
    if status == 409:
        return Done("stale")
    if status == 404 or kind in ("index_not_found_exception", "alias_not_found_exception"):
        return Halt("An index of flagpost is missing.", _SETUP)
    if kind == "strict_dynamic_mapping_exception":
        return Halt("An index's mapping is older than this version of flagpost.", _SETUP)
    if kind in ("cluster_block_exception", "index_closed_exception"):
        return Retry("the index is blocked for writing (disk full, read-only or closed)")
    if status in (401, 403):
        return Halt("Elasticsearch does not allow this user to write.", "Give it the index worker's rights.")
    if status in _RETRY_STATUSES:
        return Retry(f"Elasticsearch answered {status} {kind}".rstrip())
    if status == 413:
        return DeadLetter("too_large", "Elasticsearch refuses a document of this size")
    if status == 400 and kind in _DOCUMENT_FAULTS:
        return DeadLetter("not_indexable", f"{status} {kind}")
    return Halt(
        f"Elasticsearch refuses to index with {status} {kind}".rstrip() + ".", "See its logs; then start again."
    )
