"""PagerDuty's Events API v2 as it is written down: https://developer.pagerduty.com/docs/send-alert-event

Its client speaks nothing but https, so the server has an authority of its own, which ``ca_file`` writes down.
"""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path
from typing import Any, Final, Literal

import trustme

from tests.doubles.service_server import Asked, ServiceServer, Told

SEVERITIES: Final = ("critical", "error", "warning", "info")
MOST_SUMMARY: Final = 1024
MOST_DEDUP_KEY: Final = 255
EVENT: Final = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
PAYLOAD: Final = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}


class PagerDutyServer(ServiceServer):
    """A context. ``incidents`` holds the state of each incident by its ``dedup_key``."""

    def __init__(self, routing_key: str) -> None:
        self._authority = trustme.CA()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert("127.0.0.1").configure_cert(tls)
        super().__init__(tls)
        self.routing_key = routing_key
        self.incidents: dict[str, Literal["triggered", "acknowledged", "resolved"]] = {}
        self.events: list[dict[str, Any]] = []
        """Those that were taken."""

    def ca_file(self, folder: Path) -> str:
        """For ``SSL_CERT_FILE``."""
        path = folder / "pagerduty-ca.pem"
        self._authority.cert_pem.write_to_path(str(path))
        return str(path)

    def serve(self, asked: Asked) -> Told:
        if (asked.method, asked.path) != ("POST", "/v2/enqueue"):
            return Told(404)
        faults = self.faults_of(asked.body)
        if faults:
            return Told(400, {"status": "invalid event", "message": "Event object is invalid", "errors": faults})
        event = asked.body
        key = event.get("dedup_key") or f"made-{len(self.events)}"
        self.events.append(event)
        if event["event_action"] == "trigger":
            if self.incidents.get(key) in (None, "resolved"):
                self.incidents[key] = "triggered"
        elif key in self.incidents:
            self.incidents[key] = "resolved" if event["event_action"] == "resolve" else "acknowledged"
        return Told(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def faults_of(self, event: Any) -> list[str]:
        """What PagerDuty would say against it."""
        if not isinstance(event, dict):
            return ["the event is no object"]
        faults = [f"unknown field {name}" for name in event.keys() - EVENT]
        if event.get("routing_key") != self.routing_key:
            faults.append("unknown routing_key")
        action = event.get("event_action")
        key = event.get("dedup_key")
        if action not in ("trigger", "acknowledge", "resolve"):
            faults.append("unknown event_action")
        elif action != "trigger" and not key:
            faults.append("dedup_key is missing")
        if key is not None and not (isinstance(key, str) and len(key) <= MOST_DEDUP_KEY):
            faults.append("dedup_key is too long")
        if action == "trigger":
            faults += _faults_of_payload(event.get("payload"))
        for link in event.get("links", []):
            if not str(link.get("href", "")).startswith(("http://", "https://")):
                faults.append("a link has no href")
        return faults


def _faults_of_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["payload is missing"]
    faults = [f"unknown field payload.{name}" for name in payload.keys() - PAYLOAD]
    summary = payload.get("summary")
    if not isinstance(summary, str) or not 0 < len(summary) <= MOST_SUMMARY:
        faults.append("payload.summary is missing or too long")
    if not payload.get("source"):
        faults.append("payload.source is missing")
    if payload.get("severity") not in SEVERITIES:
        faults.append("payload.severity is unknown")
    if "timestamp" in payload:
        try:
            dt.datetime.fromisoformat(payload["timestamp"])
        except ValueError:
            faults.append("payload.timestamp is no date")
    return faults
