"""For whatever saved objects ask of Elasticsearch an equivalent request: the aggregations of a Lens layer, a search's hits.

Not byte for byte what Kibana sends: it asks for more besides, and cuts time finer or coarser by the width of the screen.
What is alike is what can fail: fields, types, operations, how they nest, the queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.kibana import kql
from deploy.kibana.contents import Asking, Choosing, Layer, Listing, Plotting, asked
from deploy.kibana.lens import RECORDS

Body = dict[str, Any]

BUCKETS: Final = ("terms", "date_histogram")
BARS: Final = 50
"""Most buckets of time; Kibana aims at as many as fit the screen."""

HOURS: Final = {"h": 1, "d": 24}
INTERVALS: Final = {"30m": 0.5, "1h": 1, "3h": 3, "12h": 12, "1d": 24, "7d": 168}
"""Hours by what a bucket of time may be."""

MOST_POINTS: Final = 10_000
"""Documents that a map asks for: the index's own max_result_window."""

EVERYWHERE: Final = {"top_left": {"lat": 89, "lon": -180}, "bottom_right": {"lat": -89, "lon": 180}}


@dataclass(frozen=True, slots=True)
class Request:
    """A search of the alias ``index``, and what asks for it."""

    asking: Asking
    index: str
    body: Body


def requests(objects: Sequence[Body]) -> Iterator[Request]:
    """One for each part that asks, in the file's order."""
    for asking in asked(objects):
        yield Request(asking, asking.view.name, _body(asking))


def _body(asking: Asking) -> Body:
    found: Body = {"query": {"bool": {"filter": _filters(asking)}}, "track_total_hits": True}
    match asking:
        case Layer():
            return found | {"size": 0, "aggs": aggregations(asking)}
        case Listing():
            columns = [{"field": name} for name in asking.columns]
            return found | {"size": 10, "sort": _sort(*asking.sort), "fields": columns, "_source": False}
        case Plotting():
            told = [{"field": asking.place, "format": "geojson"}, *({"field": name} for name in asking.tells)]
            return found | {"size": MOST_POINTS, "sort": _sort(*asking.sort), "fields": told, "_source": False}
        case Choosing():
            return found | {"size": 0, "aggs": {"values": {"terms": {"field": asking.field, "size": 10}}}}
    raise AssertionError(asking)


def _filters(asking: Asking) -> list[Body]:
    """The query, and time as a dashboard narrows it; on a map its bounds, too."""
    filters = [kql.to_elasticsearch(kql.parse(asking.where))]
    if asking.since:
        bounds = {"gte": asking.since, "lte": "now", "format": "strict_date_optional_time"}
        filters.append({"range": {asking.view.time: bounds}})
    if isinstance(asking, Plotting):
        filters += [{"exists": {"field": asking.place}}, {"geo_bounding_box": {asking.place: EVERYWHERE}}]
    return filters


def _sort(field: str, direction: str) -> list[Body]:
    return [{field: {"order": direction, "unmapped_type": "boolean"}}]


def aggregations(layer: Layer) -> Body:
    """Buckets nest in the order of their columns; numbers stand in the innermost."""
    buckets = [name for name, column in layer.columns.items() if column["operationType"] in BUCKETS]
    inner: Body = {}
    for name, column in layer.columns.items():
        if name not in buckets and not _counts_all(column):
            inner[name] = _number(column)
    for name in reversed(buckets):
        bucket = _bucket(layer, name)
        inner = {name: bucket | ({"aggs": inner} if inner else {})}
    return inner


def _bucket(layer: Layer, name: str) -> Body:
    column = layer.columns[name]
    if column["operationType"] == "date_histogram":
        interval = {"fixed_interval": _interval(layer.since), "time_zone": "Europe/London", "min_doc_count": 0}
        return {"date_histogram": {"field": column["sourceField"], **interval}}
    params = column["params"]
    by = params["orderBy"]["columnId"]
    order = "_count" if _counts_all(layer.columns[by]) else by
    return {
        "terms": {"field": column["sourceField"], "size": params["size"], "order": {order: params["orderDirection"]}}
    }


def _interval(since: str | None) -> str:
    """The finest that cuts what a dashboard looks back to (``now-24h``) into no more than so many buckets."""
    number, unit = (since or "now-1d").removeprefix("now-")[:-1], (since or "now-1d")[-1]
    hours = int(number) * HOURS[unit]
    return next(name for name, length in INTERVALS.items() if length * BARS >= hours)


def _counts_all(column: Body) -> bool:
    """The bucket's own count: no aggregation."""
    return column["operationType"] == "count" and column["sourceField"] == RECORDS and "filter" not in column


def _number(column: Body) -> Body:
    if "filter" in column:
        held = {"filter": kql.to_elasticsearch(kql.parse(column["filter"]["query"]))}
        plain = {name: value for name, value in column.items() if name != "filter"}
        return held if _counts_all(plain) else held | {"aggs": {"number": _number(plain)}}
    field = {"field": column["sourceField"]}
    match column["operationType"]:
        case "median":
            return {"percentiles": field | {"percents": [50]}}
        case "percentile":
            return {"percentiles": field | {"percents": [column["params"]["percentile"]]}}
        case "count":
            return {"value_count": field}
        case operation:
            return {operation: field}
