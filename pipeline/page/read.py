"""Reads what stands in `[alerts]`."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import StageHalted
from pipeline.settings import Settings
from pipeline.topic_reader import read_topic
from schemas import codec
from schemas.alert import Alert
from schemas.topics import ALERTS


def read_alerts(settings: Settings) -> list[Alert]:
    """Every alert as its last committed record has it. Blocks. Raises as `pipeline.topic_reader.TopicReader`, and
    `StageHalted`.
    """
    return newest((record.key, record.value) for record in read_topic(settings, ALERTS))


def newest(records: Iterable[tuple[bytes | None, bytes | None]]) -> list[Alert]:
    """The alerts that a compacted topic's records, key and value in their order, leave. Raises `StageHalted`."""
    values: dict[bytes, bytes] = {}
    for key, value in records:
        if value is None:
            values.pop(key or b"", None)
        else:
            values[key or b""] = value
    try:
        return [codec.decode(ALERTS, value) for value in values.values()]
    except codec.InvalidMessage as fault:
        # To go on without it might page everybody again.
        raise StageHalted(
            f"A record of {ALERTS.name} can't be read ({fault.reason}: {fault.detail}).",
            "Run the version of flagpost that wrote it, or a later one.",
        ) from None
