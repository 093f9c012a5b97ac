"""Elasticsearch refuses each user what is not its work, with the shipped roles and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from elasticsearch import ApiError, Elasticsearch

from pipeline.elasticsearch_client import connect
from tests.security.run import Ran
from tests.security.secured import Secured

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ITEM = "flagpost-items-v1"


@pytest.mark.parametrize(
    ("user", "what", "attempt"),
    [
        ("index", "search", lambda one: one.search(index=ITEM)),
        ("index", "search by alias", lambda one: one.search(index="flagpost-items")),
        ("index", "get", lambda one: one.get(index=ITEM, id="x")),
        ("index", "delete", lambda one: one.delete(index="flagpost-items-write", id="x")),
        ("index", "another index", lambda one: one.index(index="other", document={})),
        ("index", "read another", lambda one: one.search(index="other")),
        ("index", "delete index", lambda one: one.indices.delete(index=ITEM)),
        ("index", "mapping", lambda one: one.indices.put_mapping(index=ITEM, properties={"x": {"type": "keyword"}})),
        ("index", "search alerts", lambda one: one.search(index="flagpost-alerts")),
        ("index", "delete an alert", lambda one: one.delete(index="flagpost-alerts-write", id="x")),
        ("analyst", "write an alert", lambda one: one.index(index="flagpost-alerts", document={})),
        ("analyst", "write", lambda one: one.index(index="flagpost-items", document={})),
        ("analyst", "write by the other alias", lambda one: one.index(index="flagpost-items-write", document={})),
        ("analyst", "delete", lambda one: one.delete(index="flagpost-items", id="x")),
        ("analyst", "tombstones", lambda one: one.search(index=ITEM)),
        ("analyst", "another index", lambda one: one.search(index="other")),
        ("status", "write", lambda one: one.index(index=ITEM, document={})),
        ("status", "delete index", lambda one: one.indices.delete(index=ITEM)),
        ("setup", "search", lambda one: one.search(index="flagpost-items")),
        ("setup", "write", lambda one: one.index(index=ITEM, document={})),
        ("setup", "delete index", lambda one: one.indices.delete(index=ITEM)),
        ("setup", "another index", lambda one: one.indices.create(index="other")),
        ("setup", "users", lambda one: one.security.get_user()),
        ("classify", "anything", lambda one: one.search(index="flagpost-items")),
        ("ingest", "anything", lambda one: one.index(index=ITEM, document={})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_elasticsearch_refuses_what_a_user_has_no_right_to(
    secured: Secured, ran: Ran, user: str, what: str, attempt: Callable[[Elasticsearch], object]
) -> None:
    with connect(secured.settings(user)) as client, pytest.raises(ApiError) as refused:
        attempt(client)
    assert refused.value.status_code == (403 if user in ("index", "analyst", "status", "setup") else 401)


def test_a_bulk_request_is_no_way_around(secured: Secured, ran: Ran) -> None:
    with connect(secured.settings("index")) as client:
        answer = client.bulk(index="flagpost-items-write", operations=[{"delete": {"_id": "x"}}])
    assert [line["delete"]["status"] for line in answer["items"]] == [403]


def test_setup_may_bring_an_index_up_to_date(secured: Secured, ran: Ran) -> None:
    """What an update of flagpost needs, and a run on a fresh cluster does not."""
    with connect(secured.settings("setup")) as client:
        mapping = client.indices.get_mapping(index=ITEM).body[ITEM]["mappings"]
        client.indices.put_mapping(index=ITEM, properties=mapping["properties"], meta=mapping["_meta"])
        client.indices.put_settings(index=ITEM, settings={"index": {"number_of_replicas": 0}})
        alias = client.indices.get_alias(index=ITEM).body[ITEM]["aliases"]["flagpost-items"]
        client.indices.update_aliases(actions=[{"add": {"index": ITEM, "alias": "flagpost-items", **alias}}])
