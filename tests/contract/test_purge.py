"""Deleting what a query finds, against everything that a cluster can answer, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pipeline.elasticsearch_client import connect
from pipeline.errors import AccessRefused, ElasticsearchUnavailable, FlagpostError
from pipeline.retention.purge import Found, Purged, Throttle, purge
from pipeline.settings import Settings
from tests.doubles.scripted_elasticsearch import ScriptedElasticsearch

ITEMS = "flagpost-items-write"


@pytest.fixture
def cluster() -> Iterator[ScriptedElasticsearch]:
    """Holds three documents, found on two pages."""
    with ScriptedElasticsearch() as server:
        server.on("POST", f"/{ITEMS}/_pit", {"id": "p1"})
        server.on("POST", "/_search", {"pit_id": "p2", "hits": {"hits": [hit("a", 7), hit("b", 8)]}})
        server.on("POST", "/_search", {"pit_id": "p3", "hits": {"hits": [hit("c", 9)]}})
        server.on("POST", "/_search", {"pit_id": "p3", "hits": {"hits": []}})
        server.on("DELETE", "/_pit", {"succeeded": True})
        yield server


def hit(id: str, seq_no: int) -> dict[str, Any]:
    source = {"flagpost": {"uid": f"x:{id}"}}
    return {"_id": id, "_seq_no": seq_no, "_primary_term": 3, "_source": source, "sort": [seq_no]}


def answers(server: ScriptedElasticsearch, *pages: Sequence[tuple[str, int]]) -> None:
    for page in pages:
        lines = [{"delete": {"_id": id, "status": status, "error": {"type": "some_exception"}}} for id, status in page]
        server.on("PUT", f"/{ITEMS}/_bulk", {"errors": True, "items": lines})


def run(server: ScriptedElasticsearch, *spared: str, dry_run: bool = False) -> Purged:
    settings = Settings(elasticsearch_url=server.url)
    with connect(settings) as client:
        return purge(client, settings, ITEMS, {"match_all": {}}, lambda _page: spared, Throttle(10**6), dry_run)


def asked(server: ScriptedElasticsearch, path: str) -> list[Any]:
    return [request.body for request in server.requests if request.path == path]


def test_each_document_is_deleted_only_as_it_was_found(cluster: ScriptedElasticsearch) -> None:
    answers(cluster, [("a", 200), ("b", 200)], [("c", 200)])
    assert run(cluster) == Purged(found=3, deleted=3)
    first, second = asked(cluster, f"/{ITEMS}/_bulk")
    assert first == [
        {"delete": {"_id": "a", "if_seq_no": 7, "if_primary_term": 3}},
        {"delete": {"_id": "b", "if_seq_no": 8, "if_primary_term": 3}},
    ]
    assert second == [{"delete": {"_id": "c", "if_seq_no": 9, "if_primary_term": 3}}]


def test_pages_follow_each_other_in_one_point_in_time_which_is_closed(cluster: ScriptedElasticsearch) -> None:
    answers(cluster, [("a", 200), ("b", 200)], [("c", 200)])
    run(cluster)
    searches = asked(cluster, "/_search")
    assert [one["pit"]["id"] for one in searches] == ["p1", "p2", "p3"]
    assert [one.get("search_after") for one in searches] == [None, [8], [9]]
    assert asked(cluster, "/_pit") == [{"id": "p3"}]
    partial = [one.query["allow_partial_search_results"] for one in cluster.requests if one.path == "/_search"]
    assert partial == [["false"]] * 3, "a shard that does not answer is an error, and not nothing"


def test_what_is_spared_is_in_no_request_and_a_page_of_nothing_else_makes_none(cluster: ScriptedElasticsearch) -> None:
    answers(cluster, [("b", 200)])
    assert run(cluster, "a", "c") == Purged(found=3, deleted=1, spared=2)
    assert [line["delete"]["_id"] for body in asked(cluster, f"/{ITEMS}/_bulk") for line in body] == ["b"]


def test_what_was_written_meanwhile_or_is_gone_already_is_not_counted_as_deleted(
    cluster: ScriptedElasticsearch,
) -> None:
    answers(cluster, [("a", 409), ("b", 404)], [("c", 200)])
    assert run(cluster) == Purged(found=3, deleted=1, changed=1)


def test_a_dry_run_deletes_nothing(cluster: ScriptedElasticsearch) -> None:
    assert run(cluster, "a", dry_run=True) == Purged(found=3, spared=1)
    assert asked(cluster, f"/{ITEMS}/_bulk") == []


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ([("a", 200), ("b", 403)], AccessRefused),
        ([("a", 200), ("b", 503)], ElasticsearchUnavailable),
        ([("b", 200), ("a", 200)], ElasticsearchUnavailable),
        ([("a", 200)], ElasticsearchUnavailable),
    ],
    ids=["refused", "unavailable", "in another order", "too short"],
)
def test_no_success_is_guessed_and_the_point_in_time_is_closed(
    cluster: ScriptedElasticsearch, page: list[tuple[str, int]], error: type[FlagpostError]
) -> None:
    answers(cluster, page)
    with pytest.raises(error):
        run(cluster)
    assert asked(cluster, "/_pit") == [{"id": "p2"}]


def test_who_is_asked_what_to_spare_sees_what_was_found(cluster: ScriptedElasticsearch) -> None:
    seen: list[Found] = []
    settings = Settings(elasticsearch_url=cluster.url)

    def all_of_it(page: Sequence[Found]) -> set[str]:
        seen.extend(page)
        return {one.id for one in page}

    with connect(settings) as client:
        purge(client, settings, ITEMS, {"match_all": {}}, all_of_it, Throttle(10**6))
    assert [(one.uid, one.seq_no) for one in seen] == [("x:a", 7), ("x:b", 8), ("x:c", 9)]


def test_a_place_that_elasticsearch_lost_is_told_as_that_and_closing_it_hides_nothing() -> None:
    with ScriptedElasticsearch() as server:
        server.on("POST", f"/{ITEMS}/_pit", {"id": "p1"})
        server.on("POST", "/_search", {"error": {"type": "search_context_missing_exception"}}, status=404)
        server.on("DELETE", "/_pit", {"error": {"type": "some_exception"}}, status=500)
        with pytest.raises(ElasticsearchUnavailable, match="lost its place"):
            run(server)
