"""A figure, chart or table as Lens keeps it: a layer of columns on a data view, and how it is drawn."""

from __future__ import annotations

from typing import Any, Final

from deploy.kibana.columns import Measure, Over, Top
from deploy.kibana.panels import Chart, Figure, Table

Body = dict[str, Any]
LensPanel = Figure | Chart | Table

RECORDS: Final = "___records___"
"""What Lens counts where no field is named."""

_DATES: Final = ("max",)
"""Operations that give a date; the greatest number of anything is asked nowhere."""


def layer_reference(layer: str) -> str:
    """Name of the reference from a layer to its data view."""
    return f"indexpattern-datasource-layer-{layer}"


def attributes(panel: LensPanel, layer: str, view_id: str) -> Body:
    """The panel by value. ``layer`` is the id of its one layer, ``view_id`` that of its data view."""
    buckets, measures = _columns(panel)
    splits = {f"split-{number}": bucket for number, bucket in enumerate(buckets)}
    numbers = {f"number-{number}": measure for number, measure in enumerate(measures)}
    columns = {
        **{id: _bucket(bucket, next(iter(numbers))) for id, bucket in splits.items()},
        **{id: _number(measure) for id, measure in numbers.items()},
    }
    return {
        "title": panel.title,
        "type": "lens",
        "visualizationType": {Figure: "lnsMetric", Chart: "lnsXY", Table: "lnsDatatable"}[type(panel)],
        "references": [{"type": "index-pattern", "id": view_id, "name": layer_reference(layer)}],
        "state": {
            "datasourceStates": {
                "formBased": {
                    "layers": {layer: {"columnOrder": list(columns), "columns": columns, "incompleteColumns": {}}}
                }
            },
            "visualization": _drawn(panel, layer, list(splits), list(numbers)),
            "query": {"query": panel.where, "language": "kuery"},
            "filters": [],
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }


def _columns(panel: LensPanel) -> tuple[list[Top | Over], list[Measure]]:
    match panel:
        case Figure():
            return [], [panel.measure]
        case Chart():
            return [panel.split, panel.along], [
                panel.measure
            ]  # the same values in every bar, as Lens itself nests them
        case Table():
            return [*panel.rows, *([panel.across] if panel.across else [])], [*panel.measures]


def _bucket(bucket: Top | Over, measure: str) -> Body:
    common = {"label": bucket.label, "customLabel": True, "isBucketed": True, "sourceField": bucket.field}
    if isinstance(bucket, Over):
        return common | {
            "dataType": "date",
            "operationType": "date_histogram",
            "scale": "interval",
            "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
        }
    return common | {
        "dataType": "string",
        "operationType": "terms",
        "scale": "ordinal",
        "params": {
            "size": bucket.size,
            "orderBy": {"type": "column", "columnId": measure},
            "orderDirection": "desc",
            "otherBucket": False,
            "missingBucket": False,
            "parentFormat": {"id": "terms"},
        },
    }


def _number(measure: Measure) -> Body:
    column: Body = {
        "label": measure.label,
        "customLabel": True,
        "dataType": "date" if measure.operation in _DATES else "number",
        "operationType": measure.operation,
        "sourceField": measure.field or RECORDS,
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": False} if measure.operation in ("count", "sum") else {},
    }
    if measure.percentile is not None:
        column["params"] = {"percentile": measure.percentile}
    if measure.where:
        column["filter"] = {"query": measure.where, "language": "kuery"}
    return column


def _drawn(panel: LensPanel, layer: str, splits: list[str], numbers: list[str]) -> Body:
    where: Body = {"layerId": layer, "layerType": "data"}
    match panel:
        case Figure():
            return where | {"metricAccessor": numbers[0], "color": panel.colour, "showBar": False}
        case Table():
            columns: list[Body] = [{"columnId": id} for id in splits + numbers]
            if panel.across:
                columns[len(splits) - 1]["isTransposed"] = True
            return where | {"columns": columns, "paging": {"size": 10, "enabled": True}}
        case Chart():
            drawn = where | {
                "seriesType": panel.shape,
                "splitAccessor": splits[0],
                "xAccessor": splits[1],
                "accessors": numbers,
                "colorMapping": _colours(panel.split),
            }
            return {
                "layers": [drawn],
                "preferredSeriesType": panel.shape,
                "legend": {"isVisible": True, "position": "bottom"},
                "valueLabels": "hide",
                "fittingFunction": "None",
                "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": False},
            }


def _colours(split: Top) -> Body:
    """Kibana's own colours, but for the values that have theirs."""
    return {
        "paletteId": "default",
        "colorMode": {"type": "categorical"},
        "assignments": [
            {
                "rules": [{"type": "raw", "value": value}],
                "color": {"type": "colorCode", "colorCode": colour},
                "touched": True,
            }
            for value, colour in split.colours.items()
        ],
        "specialAssignments": [{"rules": [{"type": "other"}], "color": {"type": "loop"}, "touched": False}],
    }
