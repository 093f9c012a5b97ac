"""Every item that a search finds, however many, as they are at one moment.

By scroll. A point in time with search_after is what Elasticsearch advises, but a search in one asks for rights on the index
itself, and so passes by the alias that hides what was withdrawn: who may search through the alias alone is refused
(tests/security).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

from elasticsearch import Elasticsearch, NotFoundError

from pipeline.elasticsearch_client import explained
from pipeline.errors import ElasticsearchUnavailable
from pipeline.index.search import Hit, Search, query
from pipeline.settings import Settings
from schemas import mapping

AT_ONCE: Final = 500
"""Items of one answer, and so the most that is held: a post has at most 256 KiB."""

KEPT: Final = "5m"
"""For so long Elasticsearch keeps that moment after each question, should whoever takes the rows be slow."""


class Scan:
    """All items that ``wanted`` finds, the oldest first; a context.

    Raises what `explained` raises, and `ElasticsearchUnavailable` when that moment is kept no longer or a shard can't
    answer: what was given till then is not all.
    """

    def __init__(self, client: Elasticsearch, settings: Settings, wanted: Search, at_once: int = AT_ONCE) -> None:
        self._client = client
        self._settings = settings
        self._at_once = at_once
        with explained(settings):
            self._answer: Mapping[str, Any] = client.search(
                index=settings.named(mapping.INDEX),
                query=query(wanted),
                size=at_once,
                sort=[{"@timestamp": "asc"}],
                scroll=KEPT,
                allow_partial_search_results=False,
            ).body
        self.expected: int = self._answer["hits"]["total"]["value"]
        """How many there are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Exception):  # it ends by itself
            self._client.clear_scroll(scroll_id=self._answer["_scroll_id"])

    def __iter__(self) -> Iterator[Hit]:
        """Each item once. Can be called once."""
        while hits := self._answer["hits"]["hits"]:
            yield from (Hit(hit["_id"], None, hit["_source"], None) for hit in hits)
            if len(hits) < self._at_once:
                return
            self._answer = self._next()

    def _next(self) -> Mapping[str, Any]:
        with explained(self._settings):
            try:
                answer = self._client.scroll(scroll_id=self._answer["_scroll_id"], scroll=KEPT).body
            except NotFoundError:
                raise ElasticsearchUnavailable(
                    f"Elasticsearch at {self._settings.elasticsearch()} kept the items of that moment no longer.",
                    "Run it again; whoever takes the rows may wait for five minutes at most.",
                ) from None
        if answer["_shards"]["failed"]:
            raise ElasticsearchUnavailable(
                f"A part of Elasticsearch at {self._settings.elasticsearch()} no longer answers.",
                "Look at the cluster's health, then run it again.",
            )
        return answer  # type: ignore[no-any-return]
