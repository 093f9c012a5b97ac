"""The roles for Kibana's users, on a real Elasticsearch: enough for every panel and search, and for nothing behind them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from elasticsearch import ApiError, Elasticsearch

from deploy.kibana.build import saved_objects
from deploy.kibana.names import Names
from deploy.kibana.runs import run
from pipeline.elasticsearch_client import connect
from tests.security.run import Ran
from tests.security.secured import Secured

pytestmark = pytest.mark.integration

USERS = ("kibana-analyst", "kibana-auditor")


@pytest.mark.parametrize(
    ("user", "refused"),
    [("kibana-analyst", {"flagpost-audit"}), ("kibana-auditor", {"flagpost-items", "flagpost-alerts"})],
)
def test_all_that_stands_on_their_views_is_answered_and_nothing_of_the_others(
    secured: Secured, ran: Ran, user: str, refused: set[str]
) -> None:
    with connect(secured.settings(user)) as client:
        asked = list(run(client, saved_objects(Names())))
    problems = {(one.request.index, one.problem) for one in asked if one.problem}
    assert problems == {(alias, "403 security_exception") for alias in refused}
    answered = {one.request.index for one in asked if not one.problem}
    assert answered
    assert answered.isdisjoint(refused)


@pytest.mark.parametrize(("user", "alias"), [*zip(USERS, ("flagpost-items", "flagpost-audit"), strict=True)])
def test_kibana_can_ask_as_them_which_fields_there_are(secured: Secured, ran: Ran, user: str, alias: str) -> None:
    with connect(secured.settings(user)) as client:
        assert "@timestamp" in client.field_caps(index=alias, fields="*")["fields"]


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    "attempt",
    [
        lambda one: one.search(index="flagpost-items-v1"),
        lambda one: one.get(index="flagpost-items", id="x"),
        lambda one: one.search(index="flagpost-audit-v1"),
        lambda one: one.index(index="flagpost-items", document={}),
        lambda one: one.index(index="flagpost-items-write", document={}),
        lambda one: one.index(index="flagpost-audit", document={}),
        lambda one: one.delete(index="flagpost-alerts", id="x"),
        lambda one: one.indices.delete(index="flagpost-items-v1"),
        lambda one: one.search(index="other"),
    ],
    ids=[
        "tombstones",
        "a tombstone by its id",
        "audit",
        "write",
        "write alias",
        "write audit",
        "delete",
        "delete index",
        "another index",
    ],
)
def test_what_lies_behind_the_aliases_is_refused(
    secured: Secured, ran: Ran, user: str, attempt: Callable[[Elasticsearch], object]
) -> None:
    with connect(secured.settings(user)) as client, pytest.raises(ApiError) as refused:
        attempt(client)
    assert refused.value.status_code == 403
