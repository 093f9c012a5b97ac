"""Deletes documents that a query finds: by a point in time, page by page, each only as it was found.

Every delete names the sequence number that the document had when it was found (``if_seq_no``): one that was written since,
by an edit, a decision or a replay, is left. So nothing has to be stopped meanwhile, a run that is killed has done what it
has done, and the next one goes on.

`_delete_by_query` would do the same in one request, but neither counts what is held nor waits for us to look.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from pipeline.elasticsearch_client import explained
from pipeline.errors import AccessRefused, ElasticsearchUnavailable
from pipeline.settings import Settings

PAGE: Final = 500
"""Documents that are found, and deleted, in one request."""

KEEP_ALIVE: Final = "10m"
"""How long Elasticsearch keeps a point in time from one request to the next; the slowest `Throttle` waits for less."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document as it was found. ``uid`` is empty where it is not about a post."""

    id: str
    seq_no: int
    primary_term: int
    uid: str


@dataclass(slots=True)
class Purged:
    """How many documents a query found, and what became of them."""

    found: int = 0
    deleted: int = 0
    spared: int = 0
    """Must not go: held, or still needed."""
    changed: int = 0
    """Were written since they were found; the next run looks at them again."""


Spared = Callable[[Sequence[Found]], Collection[str]]
"""Of the documents of a page those ``_id`` that must not go. May block, and is asked right before the deletes."""


class Throttle:
    """Waits after each page, so that at most ``rate`` documents are deleted in a second."""

    def __init__(
        self,
        rate: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = monotonic()

    def wait(self, documents: int) -> None:
        """Returns once so many more may have been deleted. Time that nobody used is not made up for."""
        self._free_at = max(self._free_at, self._monotonic()) + documents / self._rate
        if (left := self._free_at - self._monotonic()) > 0:
            self._sleep(left)


def purge(
    client: Elasticsearch,
    settings: Settings,
    alias: str,
    query: Mapping[str, Any],
    spared: Spared,
    throttle: Throttle,
    dry_run: bool = False,
    page: int = PAGE,
) -> Purged:
    """Deletes what ``query`` finds through ``alias``, but for what is ``spared``.

    Raises `ElasticsearchUnavailable`, `AccessRefused` or `NotSetUp`; what was deleted before stays deleted.
    """
    done = Purged()
    for some in find(client, settings, alias, query, page):
        kept = spared(some)
        going = [one for one in some if one.id not in kept]
        done.found += len(some)
        done.spared += len(some) - len(going)
        if dry_run or not going:
            continue
        deleted, changed = _delete(client, settings, alias, going)
        done.deleted += deleted
        done.changed += changed
        throttle.wait(len(going))
    return done


def find(
    client: Elasticsearch, settings: Settings, alias: str, query: Mapping[str, Any], page: int = PAGE
) -> Iterator[list[Found]]:
    """What ``query`` finds at one moment, page by page. Raises what `explained` raises."""
    with explained(settings):
        pit: str = client.open_point_in_time(index=settings.named(alias), keep_alive=KEEP_ALIVE)["id"]
    try:
        after: list[Any] | None = None
        while True:
            with explained(settings), _still_there():
                answer = client.search(
                    pit={"id": pit, "keep_alive": KEEP_ALIVE},
                    query=dict(query),
                    size=page,
                    sort=["_shard_doc"],
                    search_after=after,
                    seq_no_primary_term=True,
                    source_includes=["flagpost.uid"],
                    track_total_hits=False,
                    allow_partial_search_results=False,  # or what a lost shard holds would count as forgotten
                )
            pit = answer.get("pit_id", pit)
            hits = answer["hits"]["hits"]
            if not hits:
                return
            after = hits[-1]["sort"]
            yield [_found(hit) for hit in hits]
    finally:
        with contextlib.suppress(ApiError, TransportError):  # it ends by itself soon
            client.close_point_in_time(id=pit)


@contextlib.contextmanager
def _still_there() -> Iterator[None]:
    try:
        yield
    except NotFoundError:
        raise ElasticsearchUnavailable(
            "Elasticsearch lost its place in what was asked for: a node may have been started anew.", "Run it again."
        ) from None


def _found(hit: Mapping[str, Any]) -> Found:
    uid = hit.get("_source", {}).get("flagpost", {}).get("uid", "")
    return Found(hit["_id"], hit["_seq_no"], hit["_primary_term"], uid)


def _delete(client: Elasticsearch, settings: Settings, alias: str, going: Sequence[Found]) -> tuple[int, int]:
    """How many were deleted, and how many had changed. One that is gone already counts as neither."""
    actions = [
        {"delete": {"_id": one.id, "if_seq_no": one.seq_no, "if_primary_term": one.primary_term}} for one in going
    ]
    with explained(settings):
        answer = client.bulk(operations=actions, index=settings.named(alias), require_alias=True)
    lines = [line["delete"] for line in answer["items"]]
    if [line.get("_id") for line in lines] != [one.id for one in going]:
        raise ElasticsearchUnavailable("Elasticsearch answered a bulk request in another order.", "Run it again.")
    for line in lines:
        _check(line)
    statuses = [line["status"] for line in lines]
    return sum(200 <= status < 300 for status in statuses), statuses.count(409)


def _check(line: Mapping[str, Any]) -> None:
    """Raises for anything but deleted, gone (404) and changed since (409)."""
    status = line["status"]
    if 200 <= status < 300 or status in (404, 409):
        return
    if status in (401, 403):
        raise AccessRefused(
            "Elasticsearch does not allow this user to delete documents.",
            "Give it the role flagpost_retain of deploy/elasticsearch/roles.yml.",
        )
    kind = line.get("error", {}).get("type", "")
    raise ElasticsearchUnavailable(
        f"Elasticsearch would not delete a document ({status} {kind}).", "See its logs, then run it again."
    )
