"""Alertmanager's API v2 as its OpenAPI file has it: what it refuses, and which alerts fire at a moment.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final
from urllib.parse import urlsplit

from tests.doubles.service_server import Asked, ServiceServer, Told

PATH: Final = "/api/v2/alerts"
RESOLVE_TIMEOUT: Final = dt.timedelta(minutes=5)
"""After which an alert that says no end is taken for resolved, unless it is sent again."""

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FIELDS: Final = {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}


class AlertmanagerServer(ServiceServer):
    """A context. Alerts with the same labels are one; the last that was sent of it counts."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self._path = prefix + PATH
        self.alerts: dict[frozenset[tuple[str, str]], dict[str, Any]] = {}

    def firing(self, at: dt.datetime) -> list[dict[str, Any]]:
        """The alerts that fire at that moment, if nothing more comes."""
        return [one for one in self.alerts.values() if _end(one, at) > at]

    def serve(self, asked: Asked) -> Told:
        if (asked.method, asked.path) != ("POST", self._path):
            return Told(404)
        faults = [fault for alert in asked.body for fault in _faults(alert)]
        if faults:
            return Told(400, "; ".join(faults))
        for alert in asked.body:
            self.alerts[frozenset(alert["labels"].items())] = alert
        return Told(200)


def _end(alert: dict[str, Any], at: dt.datetime) -> dt.datetime:
    return dt.datetime.fromisoformat(alert["endsAt"]) if "endsAt" in alert else at + RESOLVE_TIMEOUT


def _faults(alert: dict[str, Any]) -> list[str]:
    faults = [f"unknown field {name}" for name in alert.keys() - _FIELDS]
    labels, annotations = alert.get("labels", {}), alert.get("annotations", {})
    if not labels or not all(_LABEL.fullmatch(name) and value for name, value in labels.items()):
        faults.append("labels are missing, badly named or empty")
    if not all(_LABEL.fullmatch(name) and isinstance(value, str) for name, value in annotations.items()):
        faults.append("annotations are badly named or no text")
    begin = dt.datetime.fromisoformat(alert["startsAt"]) if "startsAt" in alert else None
    if begin and "endsAt" in alert and dt.datetime.fromisoformat(alert["endsAt"]) < begin:
        faults.append("start time must be before end time")
    if "generatorURL" in alert and not urlsplit(alert["generatorURL"]).scheme:
        faults.append("generatorURL is no URI")
    return faults
