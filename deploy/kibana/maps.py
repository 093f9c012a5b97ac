"""A map as Kibana's Maps keeps it: a background, and a layer of points for each place of each document."""

from __future__ import annotations

import json
from typing import Any, Final

from deploy.kibana.panels import Map, Points

Body = dict[str, Any]

CENTRE: Final = {"lat": 53.5, "lon": -1.5, "zoom": 5.2}
"""Of England, until the points are there: the map moves to where they are."""

BACKGROUND: Final = {
    "id": "background",
    "type": "EMS_VECTOR_TILE",
    "sourceDescriptor": {"type": "EMS_TMS", "isAutoSelect": True, "lightModeDefault": "road_map_desaturated"},
    "style": {"type": "EMS_VECTOR_TILE", "color": ""},
    "visible": True,
    "alpha": 1,
    "minZoom": 0,
    "maxZoom": 24,
    "includeInFitToBounds": False,
}
"""Elastic Maps Service. A Kibana that can't reach it, nor one of the force's own, shows the points without a background."""


def layer_reference(number: int) -> str:
    """Name of the reference from the map's layer of that number, counted from its background, to its data view."""
    return f"layer_{number}_source_index_pattern"


def attributes(panel: Map, id: str) -> Body:
    """The map by value; ``id`` makes those of its layers."""
    layers = [BACKGROUND, *(_layer(points, f"{id}-{number}", number) for number, points in enumerate(panel.layers, 1))]
    centre = {"lat": CENTRE["lat"], "lon": CENTRE["lon"]}
    state = {
        "adHocDataViews": [],
        "zoom": CENTRE["zoom"],
        "center": centre,
        "timeFilters": {"from": "now-24h", "to": "now"},
        "query": {"query": "", "language": "kuery"},
        "filters": [],
        "settings": {"autoFitToDataBounds": True},
    }
    return {
        "title": panel.title,
        "description": "",
        "layerListJSON": json.dumps(layers),
        "mapStateJSON": json.dumps(state),
        "uiStateJSON": json.dumps({"isLayerTOCOpen": True, "openTOCDetails": []}),
    }


def _layer(points: Points, id: str, number: int) -> Body:
    return {
        "id": id,
        "label": points.label,
        "type": "GEOJSON_VECTOR",
        "sourceDescriptor": {
            "id": f"{id}-source",
            "type": "ES_SEARCH",
            "indexPatternRefName": layer_reference(number),
            "geoField": points.field,
            "scalingType": "LIMIT",
            "filterByMapBounds": True,
            "tooltipProperties": list(points.tells),
            "sortField": points.view.time,
            "sortOrder": "desc",
            "applyGlobalQuery": True,
            "applyGlobalTime": True,
            "applyForceRefresh": True,
            "topHitsGroupByTimeseries": False,
            "topHitsSplitField": "",
            "topHitsSize": 1,
        },
        "query": {"query": points.where, "language": "kuery"},
        "style": {
            "type": "VECTOR",
            "isTimeAware": True,
            "properties": {
                "symbolizeAs": {"options": {"value": "circle"}},
                "fillColor": {"type": "STATIC", "options": {"color": points.colour}},
                "lineColor": {"type": "STATIC", "options": {"color": "#ffffff"}},
                "lineWidth": {"type": "STATIC", "options": {"size": 1}},
                "iconSize": {"type": "STATIC", "options": {"size": points.size}},
            },
        },
        "joins": [],
        "visible": True,
        "alpha": 0.8,
        "minZoom": 0,
        "maxZoom": 24,
        "includeInFitToBounds": True,
    }
