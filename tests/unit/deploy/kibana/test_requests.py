"""What Elasticsearch is asked for a panel."""

from __future__ import annotations

from typing import Any

from deploy.kibana.build import saved_objects
from deploy.kibana.names import Names
from deploy.kibana.requests import requests

REQUESTS = {(one.asking.object, one.asking.part): one for one in requests(saved_objects(Names("north")))}
LAST_DAY = {"range": {"@timestamp": {"gte": "now-24h", "lte": "now", "format": "strict_date_optional_time"}}}


def body(dashboard: str, panel: str) -> dict[str, Any]:
    return REQUESTS[f"[north-flagpost] {dashboard}", panel].body


def test_a_chart_nests_its_bars_in_its_colours_and_orders_both_by_the_count() -> None:
    by_count = {"size": 3, "order": {"_count": "desc"}}
    assert body("Live triage", "Items by label and grade")["aggs"] == {
        "split-0": {
            "terms": {"field": "flagpost.grade", **by_count},
            "aggs": {"split-1": {"terms": {"field": "flagpost.label", **by_count}}},
        }
    }


def test_time_is_cut_into_no_more_buckets_than_a_screen_has() -> None:
    for panel, interval in (("Items over time, by label", "1d"), ("Items over time, by source", "1d")):
        over_time = body("Trends and sources", panel)["aggs"]["split-0"]["aggs"]["split-1"]["date_histogram"]
        assert over_time["fixed_interval"] == interval
    alerts = body("Alerts and decisions", "Alerts over time, by severity")["aggs"]["split-0"]
    assert alerts["terms"]["field"] == "flagpost.alert.severity"
    assert alerts["aggs"]["split-1"]["date_histogram"]["fixed_interval"] == "12h"


def test_a_table_measures_in_its_innermost_buckets_and_filters_where_a_column_says_so() -> None:
    analysts = body("Alerts and decisions", "Analysts")["aggs"]["split-0"]["aggs"]
    assert analysts["number-4"] == {"max": {"field": "flagpost.review.at"}}
    matches = {"bool": {"should": [{"match": {"flagpost.review.dismissed": "true"}}], "minimum_should_match": 1}}
    assert analysts["number-3"] == {"filter": matches}
    assert "number-0" not in analysts  # the bucket's own count


def test_a_figure_measures_all_that_its_query_finds() -> None:
    within = body("Alerts and decisions", "All but one in twenty within")
    assert within["aggs"] == {
        "number-0": {"percentiles": {"field": "flagpost.alert.acknowledged_after", "percents": [95]}}
    }
    assert within["query"]["bool"]["filter"][0] == {"match_all": {}}


def test_a_dashboard_narrows_by_its_views_own_date() -> None:
    assert body("Live triage", "All items")["query"]["bool"]["filter"][1] == LAST_DAY
    decided = body("Alerts and decisions", "Decisions over time, by analyst")
    assert list(decided["query"]["bool"]["filter"][1]["range"]) == ["flagpost.review.at"]


def test_a_saved_search_asks_for_its_columns_newest_first_through_the_alias_of_the_installation() -> None:
    dismissed = REQUESTS["[north-flagpost] Dismissed", ""]
    assert dismissed.index == "north-flagpost-items"
    assert dismissed.body["sort"] == [{"flagpost.review.at": {"order": "desc", "unmapped_type": "boolean"}}]
    assert {"field": "flagpost.review.note"} in dismissed.body["fields"]


def test_a_map_asks_for_points_that_are_there() -> None:
    filters = body("Live triage", "Where: Places that texts name")["query"]["bool"]["filter"]
    assert {"exists": {"field": "geo.mentioned.location"}} in filters
