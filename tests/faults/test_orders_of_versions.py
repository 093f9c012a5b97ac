"""All 720 orders in which six versions of a post can arrive, on a real Elasticsearch, through the index stage.

720 posts take six bulk requests: the n-th holds the n-th version that each order names. After every bulk each post must be
what the newest version that came so far makes it, so that prefixes are proved too: all orders of one to six versions.
Before an old version may come late, the cluster is made to forget the versions of what it deleted (``gc_deletes``), and the
shard is closed and opened, so that its own table of versions is gone.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from elasticsearch import ConflictError, Elasticsearch

from pipeline.elasticsearch_client import connect, connect_async
from pipeline.index.bulk import BulkWriter
from pipeline.index.stage import IndexStage
from pipeline.message import Message
from pipeline.result import Done
from pipeline.settings import Settings
from schemas.item import Item, Withdrawn, WithdrawnReason
from tests.doubles.manual_clock import START
from tests.faults.table import Fault
from tests.ledger import Balance
from tests.ledger import _id as id_of
from tests.messages import item, message, post
from tests.waiting import wait_for

ORDERS = list(itertools.permutations(range(6)))


@dataclass(frozen=True)
class Version:
    """One thing that happens to a post. ``rank`` orders them by hand: deleted, minute of the wording, reviews, model."""

    name: str
    rank: tuple[bool, int, int, int]
    gone: WithdrawnReason | None = None

    def of(self, id: str) -> Item | Withdrawn:
        _, minute, reviews, activation = self.rank
        moment = START + dt.timedelta(minutes=minute)
        if self.gone:
            return Withdrawn(
                source="x",
                id=id,
                reason=self.gone,
                revision=moment,
                withdrawn_at=moment,
                activation=activation,
                reviews=reviews,
            )
        worded = post(id, self.name, created_at=START, edited_at=moment if minute else None)
        return item(id, activation=activation, post=worded, reviews=reviews)

    def expected(self) -> dict[str, Any]:
        """What must be stored of it."""
        _, _, reviews, activation = self.rank
        return {
            "message": None if self.gone else self.name,
            "withdrawn": self.gone,
            "reviews": reviews,
            "activation": activation,
        }


ORIGINAL = Version("original", (False, 0, 0, 1))
ORIGINAL_AGAIN = Version("original, judged by a newer model", (False, 0, 0, 2))
EDIT = Version("edit", (False, 1, 0, 1))
EDIT_AGAIN = Version("edit, judged by a newer model", (False, 1, 0, 2))
CALMED = Version("edited into chatter", (False, 2, 0, 1), "edited_into_chatter")
CALMED_AGAIN = Version("chatter for a newer model too", (False, 2, 0, 2), "judged_again_chatter")
BACK = Version("edited back", (False, 3, 0, 1))
BACK_AGAIN = Version("edited back, judged by a newer model", (False, 3, 0, 2))
REVIEWED = Version("edited back, reviewed", (False, 3, 1, 1))
DELETED = Version("deleted", (True, 4, 0, 1), "deleted")
DELETED_BY_A_SLOW_CLOCK = Version("deleted, an hour before it was written", (True, -60, 0, 1), "deleted")

LIVES = {
    "deleted at last": (ORIGINAL, EDIT, CALMED, BACK, BACK_AGAIN, DELETED),
    "deleted by a slow clock": (ORIGINAL, EDIT, CALMED, BACK, REVIEWED, DELETED_BY_A_SLOW_CLOCK),
    "reviewed at last": (ORIGINAL, EDIT, CALMED, BACK, BACK_AGAIN, REVIEWED),
    "chatter at last": (ORIGINAL, ORIGINAL_AGAIN, EDIT, EDIT_AGAIN, CALMED, CALMED_AGAIN),
}


@pytest.mark.parametrize("life", LIVES)
async def test_whatever_the_order_the_newest_version_is_what_is_found(ready: Settings, fault: Fault, life: str) -> None:
    versions = LIVES[life]
    index = f"{ready.named('flagpost-items')}-v1"
    late = 0
    async with connect_async(ready) as writing:
        stage = IndexStage(BulkWriter(writing, ready.named("flagpost-items-write")))
        with connect(ready) as client:
            for arrived in range(1, 7):
                if arrived == 5:
                    forget_deletes(client, index)
                if arrived == 6:
                    restart_shard(client, index)
                results = await stage.handle([arriving(order, versions[order[arrived - 1]]) for order in ORDERS])
                found = stored(client, index)
                for order, result in zip(ORDERS, results, strict=True):
                    newest = max((versions[at] for at in order[:arrived]), key=lambda version: version.rank)
                    is_new = newest is versions[order[arrived - 1]]
                    assert result == Done("indexed" if is_new else "stale"), f"{order[:arrived]} of {life}"
                    assert found[name_of(order)] == newest.expected(), f"{order[:arrived]} of {life}"
                    late += not is_new
            final = max(versions, key=lambda version: version.rank)
            balance = Balance(
                sent=6 * len(ORDERS),
                lost=sum(one != final.expected() for one in found.values()),
                duplicated=count(client, index) - len(ORDERS),
                repeats={},
                differences=[],
            )
            fault.add(f"versions in 720 orders, {life}", late, balance, recovery=0.0)
            assert balance.lost == balance.duplicated == 0
            assert count(client, ready.named("flagpost-items")) == (0 if final.gone else len(ORDERS))
            assert len(documents_without_names(client, index)) == 1


def count(client: Elasticsearch, index: str) -> int:
    client.indices.refresh(index=index)
    return int(client.count(index=index)["count"])


def name_of(order: Sequence[int]) -> str:
    return "".join(map(str, order))


def arriving(order: Sequence[int], version: Version) -> Message:
    return message(version.of(name_of(order)), topic="flagged")


def stored(client: Elasticsearch, index: str) -> dict[str, dict[str, Any]]:
    """Name of each order → what is stored of its post."""
    found = {}
    for order in documents(client, index):
        source = order["_source"]
        ours = source["flagpost"]
        assert order["_version"] == ours["version"]
        found[ours["post_id"]] = {
            "message": source.get("message"),
            "withdrawn": ours.get("withdrawn_reason"),
            "reviews": ours.get("reviews", 0),
            "activation": ours["activation"],
        }
    return found


def documents(client: Elasticsearch, index: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.mget(index=index, ids=[id_of("x", name_of(order)) for order in ORDERS])["docs"]
    assert all(document["found"] for document in found)
    return found


def documents_without_names(client: Elasticsearch, index: str) -> set[str]:
    """What is stored, without the post's name and the moment: all the same when the order makes no difference."""
    found = set()
    for document in documents(client, index):
        source = document["_source"]
        del source["event"]["ingested"], source["flagpost"]["uid"], source["flagpost"]["post_id"]
        source["event"].pop("id", None)  # the document's own
        found.add(json.dumps(source, sort_keys=True))
    return found


def forget_deletes(client: Elasticsearch, index: str) -> None:
    """Returns when Elasticsearch has forgotten the version of a document that was really deleted a moment ago."""
    nothing = {"@timestamp": "2026-08-15T12:00:00Z"}
    client.index(index=index, id="witness", version=10, version_type="external", document=nothing)
    client.delete(index=index, id="witness", version=11, version_type="external")

    def raised_from_the_dead() -> bool:
        try:
            client.index(index=index, id="witness", version=5, version_type="external", document=nothing)
        except ConflictError:
            return False
        return True

    assert not raised_from_the_dead(), "as long as it is known"
    client.indices.put_settings(index=index, settings={"index.gc_deletes": "1s"})
    wait_for(raised_from_the_dead, "gc_deletes has passed")
    client.delete(index=index, id="witness")


def restart_shard(client: Elasticsearch, index: str) -> None:
    """Closes the shard and opens it from its files."""
    client.indices.close(index=index)
    client.indices.open(index=index)
    client.cluster.health(index=index, wait_for_status="green", timeout="60s")
    (shard,) = client.indices.recovery(index=index)[index]["shards"]
    assert (shard["type"], shard["stage"]) == ("EXISTING_STORE", "DONE")
