"""Elasticsearch refuses each user what is not its work, with the shipped roles and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from pipeline.elasticsearch_client import connect
from tests.security.run import Ran
from tests.security.secured import ROLES, Secured

pytestmark = pytest.mark.integration

ITEM = "flagpost-items-v1"
AUDIT = "flagpost-audit-write"


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
        ("index", "read the audit log", lambda one: one.search(index="flagpost-audit")),
        ("index", "overwrite an audit line", lambda one: one.index(index=AUDIT, id="x", document={})),
        ("index", "alter an audit line", lambda one: one.update(index=AUDIT, id="x", doc={"user": {"name": "bob"}})),
        ("index", "delete an audit line", lambda one: one.delete(index=AUDIT, id="x")),
        ("index", "delete the audit log", lambda one: one.indices.delete(index="flagpost-audit-v1")),
        ("analyst", "tombstones", lambda one: one.search(index=ITEM)),
        ("analyst", "a tombstone by its id", lambda one: one.get(index="flagpost-items", id="x")),
        ("analyst", "tombstones by their ids", lambda one: one.mget(index="flagpost-items", ids=["x"])),
        ("analyst", "a search past the alias", lambda one: in_a_point_in_time(one)),
        ("analyst", "read the audit log", lambda one: one.search(index="flagpost-audit")),
        ("analyst", "read the audit index", lambda one: one.search(index="flagpost-audit-v1")),
        ("analyst", "write an audit line", lambda one: one.create(index=AUDIT, id="x", document={})),
        ("auditor", "read items", lambda one: one.search(index="flagpost-items")),
        ("auditor", "read alerts", lambda one: one.search(index="flagpost-alerts")),
        ("auditor", "write a line", lambda one: one.create(index=AUDIT, id="x", document={})),
        ("auditor", "delete a line", lambda one: one.delete(index=AUDIT, id="x")),
        ("auditor", "change the mapping", lambda one: one.indices.put_mapping(index="flagpost-audit", properties={})),
        ("retain", "write an item", lambda one: one.index(index="flagpost-items-write", document={})),
        ("retain", "write a line", lambda one: one.create(index=AUDIT, id="x", document={})),
        ("retain", "alter a line", lambda one: one.update(index=AUDIT, id="x", doc={"user": {"name": "bob"}})),
        ("retain", "delete an index", lambda one: one.indices.delete(index=ITEM)),
        ("retain", "another index", lambda one: one.search(index="other")),
        ("forget", "delete an item", lambda one: one.delete(index=ITEM, id="x")),
        ("forget", "delete a line", lambda one: one.delete(index=AUDIT, id="x")),
        ("forget", "read the audit log", lambda one: one.search(index="flagpost-audit")),
        ("status", "read the audit log", lambda one: one.search(index="flagpost-audit")),
        ("analyst", "another index", lambda one: one.search(index="other")),
        ("status", "write", lambda one: one.index(index=ITEM, document={})),
        ("status", "delete index", lambda one: one.indices.delete(index=ITEM)),
        ("setup", "search", lambda one: one.search(index="flagpost-items")),
        ("setup", "write", lambda one: one.index(index=ITEM, document={})),
        ("setup", "delete index", lambda one: one.indices.delete(index=ITEM)),
        ("setup", "another index", lambda one: one.indices.create(index="other")),
        ("setup", "users", lambda one: one.security.get_user()),
        ("setup", "read the audit log", lambda one: one.search(index="flagpost-audit")),
        ("setup", "delete the audit log", lambda one: one.indices.delete(index="flagpost-audit-v1")),
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
    assert refused.value.status_code == (403 if user in ROLES else 401)


def in_a_point_in_time(client: Elasticsearch) -> object:
    """Opened through the alias it searches the index, which is why `flagpost export` does without."""
    point = client.open_point_in_time(index="flagpost-items", keep_alive="1m")["id"]
    return client.search(pit={"id": point})


def test_a_bulk_request_is_no_way_around(secured: Secured, ran: Ran) -> None:
    delete: dict[str, Any] = {"delete": {"_id": "x"}}
    changes: list[dict[str, Any]] = [{"index": {"_id": "x"}}, {}, {"update": {"_id": "x"}}, {"doc": {}}, delete]
    with connect(secured.settings("index")) as client:
        item = client.bulk(index="flagpost-items-write", operations=[delete])
        line = client.bulk(index=AUDIT, operations=changes)
    assert [one["delete"]["status"] for one in item["items"]] == [403]
    assert [next(iter(one.values()))["status"] for one in line["items"]] == [403] * 3


def test_the_index_worker_creates_an_audit_line_once_and_can_not_create_it_again(secured: Secured, ran: Ran) -> None:
    with connect(secured.settings("admin")) as client:
        one = client.search(index="flagpost-audit", size=1)["hits"]["hits"][0]
    with connect(secured.settings("index")) as client:
        answer = client.bulk(index=AUDIT, operations=[{"create": {"_id": one["_id"]}}, one["_source"]])
    assert [line["create"]["status"] for line in answer["items"]] == [409]


def test_setup_may_bring_an_index_up_to_date(secured: Secured, ran: Ran) -> None:
    """What an update of flagpost needs, and a run on a fresh cluster does not."""
    with connect(secured.settings("setup")) as client:
        mapping = client.indices.get_mapping(index=ITEM).body[ITEM]["mappings"]
        client.indices.put_mapping(index=ITEM, properties=mapping["properties"], meta=mapping["_meta"])
        client.indices.put_settings(index=ITEM, settings={"index": {"number_of_replicas": 0}})
        alias = client.indices.get_alias(index=ITEM).body[ITEM]["aliases"]["flagpost-items"]
        client.indices.update_aliases(actions=[{"add": {"index": ITEM, "alias": "flagpost-items", **alias}}])
