"""What `[audit]` tells of one alert."""

from __future__ import annotations

import datetime as dt
from typing import Final

from pipeline.settings import Settings
from pipeline.topic_reader import TopicReader
from schemas import codec
from schemas.alert import Alert
from schemas.audit import LOOKS, AuditEntry
from schemas.topics import AUDIT

BEFORE: Final = dt.timedelta(minutes=5)
"""By so much an alert's first entry may be older in Kafka's time than its alert says."""


def history(settings: Settings, alert: Alert) -> list[AuditEntry]:
    """Who did what about ``alert``, oldest first. Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`.

    Reads what came since the alert opened. Entries that can't be read are left out, and who only looked at it.
    """
    with TopicReader(settings, AUDIT) as reader:
        bounds = reader.bounds()
        first = reader.first_since(alert.opened_at - BEFORE, bounds)
        bounds = {number: (first[number], end) for number, (_, end) in bounds.items()}
        key = alert.id.encode()
        entries = [_entry(record.value) for record in reader.records(bounds) if record.key == key]
    return sorted((entry for entry in entries if entry and entry.act not in LOOKS), key=lambda entry: entry.at)


def _entry(value: bytes | None) -> AuditEntry | None:
    try:
        entry: AuditEntry = codec.decode(AUDIT, value)
    except codec.InvalidMessage:
        return None
    return entry
