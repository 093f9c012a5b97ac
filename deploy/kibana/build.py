"""Writes what is defined as Kibana's saved objects, one a line: ``python -m deploy.kibana`` → flagpost.ndjson.

The structure is that of Kibana 8.19, the oldest that `flagpost setup --kibana` imports into; newer ones migrate it. Where it
comes from is told, source file by source file, in tests/unit/deploy/kibana/structure.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from deploy.kibana import lens, maps
from deploy.kibana.dashboards import DASHBOARDS
from deploy.kibana.names import Names
from deploy.kibana.panels import Control, Dashboard, Documents, Links, Map, Panel
from deploy.kibana.searches import SEARCHES, Search
from deploy.kibana.views import VIEWS, View

Body = dict[str, Any]

FILE: Final = Path(__file__).parent / "flagpost.ndjson"

CORE: Final = "8.8.0"
"""coreMigrationVersion: the last time that all saved objects changed."""

VERSIONS: Final = {"index-pattern": "8.0.0", "search": "10.5.0", "dashboard": "10.2.0"}
"""typeMigrationVersion by type: one that every Kibana from 8.19 on knows. A Kibana refuses what is newer than itself."""

SEARCH_SOURCE: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"
"""Name of the reference from a search to its data view."""


def ndjson(namespace: str = "") -> str:
    """The whole file."""
    return "".join(f"{_json(one)}\n" for one in saved_objects(Names(namespace)))


def saved_objects(names: Names) -> list[Body]:
    """Data views first, then what refers to them."""
    return [
        *(_data_view(view, names) for view in VIEWS),
        *(_search(search, names) for search in SEARCHES),
        *(_dashboard(dashboard, names) for dashboard in DASHBOARDS),
    ]


def _saved(type: str, id: str, attributes: Body, references: list[Body]) -> Body:
    return {
        "type": type,
        "id": id,
        "attributes": attributes,
        "references": references,
        "managed": False,
        "coreMigrationVersion": CORE,
        "typeMigrationVersion": VERSIONS[type],
    }


def _data_view(view: View, names: Names) -> Body:
    popular = {field: {"count": len(view.popular) - number} for number, field in enumerate(view.popular)}
    attributes = {
        "title": names.index(view.index.alias),
        "name": names.title(view.title),
        "timeFieldName": view.time,
        "fieldFormatMap": _json(view.formats),
        "fieldAttrs": _json(popular),
        "fields": "[]",
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
        "allowHidden": False,
    }
    return _saved("index-pattern", names.id(view.name), attributes, [])


def _search(search: Search, names: Names) -> Body:
    attributes = {"title": names.title(search.title), "description": search.about, **_searched(search)}
    return _saved("search", names.id(search.name), attributes, [_to_view(search.view, names, SEARCH_SOURCE)])


def _searched(search: Search) -> Body:
    """What a saved search and one by value have in common."""
    source = {
        "query": {"query": search.where, "language": "kuery"},
        "filter": [],
        "indexRefName": SEARCH_SOURCE,
    }
    return {
        "columns": list(search.columns),
        "sort": [[search.view.time, "desc"]],
        "grid": {},
        "hideChart": False,
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json(source)},
    }


def _dashboard(dashboard: Dashboard, names: Names) -> Body:
    panels: list[Body] = []
    references: list[Body] = []
    y = 0
    for row in dashboard.rows:
        x = 0
        for panel, width in zip(row.panels, row.widths, strict=True):
            id = f"{dashboard.name}-{_slug(panel.title)}"
            type, embedded, needed = _embedded(panel, id, names)
            panels.append(
                {
                    "type": type,
                    "title": panel.title,
                    "panelIndex": id,
                    "gridData": {"x": x, "y": y, "w": width, "h": row.height, "i": id},
                    "embeddableConfig": {
                        "enhancements": {},
                        "hidePanelTitles": isinstance(panel, Links),
                        **embedded,
                    },
                }
            )
            references += [{**one, "name": f"{id}:{one['name']}"} for one in needed]
            x += width
        y += row.height
    attributes = {
        "title": names.title(dashboard.title),
        "description": dashboard.about,
        "panelsJSON": _json(panels),
        "optionsJSON": _json({"useMargins": True, "syncColors": True, "syncCursor": True, "syncTooltips": False}),
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _json({"query": {"query": "", "language": "kuery"}, "filter": []})
        },
        "timeRestore": True,
        "timeFrom": dashboard.since,
        "timeTo": "now",
        "refreshInterval": {"pause": not dashboard.refreshed, "value": dashboard.refreshed * 1000},
        "version": 1,
    }
    if dashboard.controls:
        attributes["controlGroupInput"] = _controls(dashboard.controls)
        references += [
            _to_view(one.view, names, f"controlGroup_{_slug(one.title)}:optionsListDataView")
            for one in dashboard.controls
        ]
    return _saved("dashboard", names.id(dashboard.name), attributes, references)


def _embedded(panel: Panel, id: str, names: Names) -> tuple[str, Body, list[Body]]:
    """The panel's type, what it is by value, and its references by the names that it knows them by."""
    match panel:
        case Documents():
            needed = [_to_view(panel.search.view, names, SEARCH_SOURCE)]
            return (
                "search",
                {"attributes": {"title": panel.title, **_searched(panel.search), "references": needed}},
                needed,
            )
        case Map():
            needed = [
                _to_view(points.view, names, maps.layer_reference(number))
                for number, points in enumerate(panel.layers, 1)
            ]
            shown = {"mapCenter": maps.CENTRE, "isLayerTOCOpen": True, "openTOCDetails": [], "hiddenLayers": []}
            return "map", {"attributes": maps.attributes(panel, id), **shown}, needed
        case Links():
            return _links(names)
        case _:
            needed = [_to_view(panel.view, names, lens.layer_reference(id))]
            return "lens", {"attributes": lens.attributes(panel, id, names.id(panel.view.name))}, needed


def _links(names: Names) -> tuple[str, Body, list[Body]]:
    keeping = {"openInNewTab": False, "useCurrentDateRange": False, "useCurrentFilters": False}
    links, needed = [], []
    for order, one in enumerate(DASHBOARDS):
        reference = f"link_{one.name}_dashboard"
        links.append(
            {
                "id": one.name,
                "type": "dashboardLink",
                "order": order,
                "label": one.title,
                "options": keeping,
                "destinationRefName": reference,
            }
        )
        needed.append({"type": "dashboard", "id": names.id(one.name), "name": reference})
    return "links", {"attributes": {"layout": "horizontal", "links": links}}, needed


def _controls(controls: tuple[Control, ...]) -> Body:
    lists = {
        _slug(one.title): {
            "type": "optionsListControl",
            "order": order,
            "width": "small",
            "grow": True,
            "explicitInput": {
                "id": _slug(one.title),
                "title": one.title,
                "fieldName": one.field,
                "searchTechnique": "prefix",
                "selectedOptions": [],
                "enhancements": {},
            },
        }
        for order, one in enumerate(controls)
    }
    ignored = {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
    return {
        "controlStyle": "oneLine",
        "chainingSystem": "HIERARCHICAL",
        "showApplySelections": False,
        "panelsJSON": _json(lists),
        "ignoreParentSettingsJSON": _json(ignored),
    }


def _to_view(view: View, names: Names, name: str) -> Body:
    return {"type": "index-pattern", "id": names.id(view.name), "name": name}


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
