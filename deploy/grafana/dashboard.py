"""The dashboard of `panels` as Grafana takes it; ``python -m deploy.grafana.dashboard`` writes it into `FILE`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.grafana.panels import ROWS, Panel

FILE: Final = Path(__file__).with_name("flagpost.json")
SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
"""As provisioning/datasources names it."""

WIDTH: Final = 24
"""Columns of Grafana's grid."""


def dashboard() -> dict[str, Any]:
    """As Grafana's provisioning takes it."""
    return {
        "uid": "flagpost",
        "title": "flagpost",
        "tags": ["flagpost"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {
            "list": [
                {
                    "name": "Alerts",
                    "datasource": SOURCE,
                    "enable": True,
                    "expr": 'ALERTS{alertname=~"Flagpost.*", alertname!="FlagpostWatchdog", alertstate="firing"}',
                    "titleFormat": "{{alertname}}",
                    "iconColor": "red",
                }
            ]
        },
        "panels": list(_placed()),
    }


def _placed() -> Iterator[dict[str, Any]]:
    """Rows with their panels, left to right, a line below when the width is used up."""
    number, y = 0, 0
    for title, panels in ROWS.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            "panels": [],
        }
        x, y = 0, y + 1
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y = 0, y + panel.height
            number += 1
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            x += panel.width
        y += panels[-1].height


def _panel(panel: Panel) -> dict[str, Any]:
    custom = {"fillOpacity": 10, "stacking": {"mode": "normal"}} if panel.stacked else {"fillOpacity": 5}
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in panel.steps],
        },
    }
    if panel.kind == "timeseries":
        defaults["custom"] = custom
    if panel.mappings:
        options = {value: {"text": text} for value, text in panel.mappings.items()}
        defaults["mappings"] = [{"type": "value", "options": options}]
    one_value = {"reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "textMode": "value_and_name"}
    series = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {
        "title": panel.title,
        "description": panel.about,
        "type": panel.kind,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
                "instant": query.instant,
                "range": not query.instant,
            }
            for place, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": series if panel.kind == "timeseries" else one_value,
    }


def text() -> str:
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
