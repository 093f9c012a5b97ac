"""Every item that a search finds, however many: a point in time of the index, read on and on (PIT, search_after)."""

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
"""For so long Elasticsearch keeps the point in time after each question, should whoever takes the rows be slow."""


class Scan:
    """All items that ``wanted`` finds, as they are at one moment, the oldest first; a context.

    Raises what `explained` raises, and `ElasticsearchUnavailable` when the point in time is gone or a shard can't answer:
    what was given till then is not all.
    """

    def __init__(self, client: Elasticsearch, settings: Settings, wanted: Search, at_once: int = AT_ONCE) -> None:
        self._client = client
        self._settings = settings
        self._query = query(wanted)
        self._at_once = at_once
        with explained(settings):
            alias = settings.named(mapping.INDEX)
            self._pit: str = client.open_point_in_time(index=alias, keep_alive=KEPT).body["id"]
        try:
            self._page = self._ask(None)
        except BaseException:
            self.close()
            raise
        self.expected: int = self._page["total"]["value"]
        """How many there are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Hit]:
        """Each item once. Can be called once."""
        while hits := self._page["hits"]:
            yield from (Hit(hit["_id"], None, hit["_source"], None) for hit in hits)
            if len(hits) < self._at_once:
                return
            self._page = self._ask(hits[-1]["sort"])

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it ends by itself
            self._client.close_point_in_time(id=self._pit)

    def _ask(self, after: list[Any] | None) -> Mapping[str, Any]:
        with explained(self._settings):
            try:
                answer = self._client.search(
                    pit={"id": self._pit, "keep_alive": KEPT},
                    query=self._query,
                    size=self._at_once,
                    sort=[{"@timestamp": "asc"}],  # a point in time adds its own last word on ties
                    search_after=after,
                    track_total_hits=after is None,
                    allow_partial_search_results=False,
                ).body
            except NotFoundError:
                raise ElasticsearchUnavailable(
                    f"Elasticsearch at {self._settings.elasticsearch()} kept the items at that moment no longer.",
                    "Run it again; who takes the rows may wait for five minutes at most.",
                ) from None
        self._pit = answer["pit_id"]
        hits: Mapping[str, Any] = answer["hits"]
        return hits
