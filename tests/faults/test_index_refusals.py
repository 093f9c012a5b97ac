"""What Elasticsearch refuses: one item that it can't take, and a mapping that lacks a field. Real workers and servers."""

from __future__ import annotations

import pytest

from pipeline.elasticsearch_client import connect
from pipeline.settings import Settings
from tests.doubles.faulty_elasticsearch import FaultyElasticsearch, forward
from tests.faults.items_sent import ItemsSent
from tests.faults.table import Fault
from tests.servers import Flagpost
from tests.waiting import wait_for
from tests.worker_processes import WorkerProcesses

TOO_LONG_A_NUMBER = 10**2000
"""JSON to us; Elasticsearch's parser takes numbers of at most a thousand digits."""


def test_of_500_items_the_one_that_is_refused_is_dead_lettered_and_every_one_is_sent_once(
    ready: Settings, fault: Fault
) -> None:
    sent = ItemsSent(ready)
    for number in range(500):
        if number == 137:
            sent.item(str(number), "the bad one", poison=True, extra={"likes": TOO_LONG_A_NUMBER})
        else:
            sent.item(str(number), f"item {number}")
    sent.flush()
    with FaultyElasticsearch(forward(ready.elasticsearch())) as server:
        counted = ready.model_copy(update={"elasticsearch_url": server.url})
        with WorkerProcesses(counted, "index"):
            fault.survived(ready, sent, "1 bad item of 500", fired=len(sent.poison))
        assert sent.letters() == sent.poison
        assert sum(server.bulks) == 500


@pytest.mark.slow
def test_a_mapping_without_a_field_halts_the_stage_until_setup_has_run(
    ready: Settings, flagpost: Flagpost, fault: Fault
) -> None:
    take_field_away(ready, "lang")
    sent = ItemsSent(ready)
    for number in range(200):
        sent.item(str(number), f"item {number}", **({"lang": "cy"} if number == 77 else {}))
    sent.flush()
    with WorkerProcesses(ready, "index") as workers:
        wait_for(lambda: halts(workers) >= 2, "the stage halts, and halts again")
        assert "mapping is older" in workers.log("index")
        assert sent.letters() == []
        assert flagpost("setup").code == 0
        fault.survived(ready, sent, "a mapping without a field", fired=halts(workers))
    with connect(ready) as client:
        found = client.search(index=ready.named("flagpost-items"), query={"term": {"flagpost.lang": "cy"}})
    assert [hit["_source"]["flagpost"]["post_id"] for hit in found["hits"]["hits"]] == ["77"]


def halts(workers: WorkerProcesses) -> int:
    return workers.log("index").count("stage halted")


def take_field_away(settings: Settings, field: str) -> None:
    """Makes the index anew as an older version of flagpost would have, but for the revision that it notes."""
    with connect(settings) as client:
        (index,) = client.indices.get(index=f"{settings.named('flagpost-items')}-v*").body
        found = client.indices.get(index=index)[index]
        del found["mappings"]["properties"]["flagpost"]["properties"][field]
        client.indices.delete(index=index)
        client.indices.delete_index_template(name=settings.named("flagpost-items"))
        client.indices.create(
            index=index,
            mappings=found["mappings"],
            settings={"analysis": found["settings"]["index"]["analysis"]},
            aliases=found["aliases"],
        )
