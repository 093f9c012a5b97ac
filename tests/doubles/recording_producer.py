"""A producer that keeps what it is given, and fails when a test says so."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field

from pipeline.message import Headers, NotAcknowledged, Outgoing, RecordTooLarge

NO_VALUE = b"<no value>"


@dataclass
class Sent:
    topic: str
    key: bytes | None
    value: bytes
    """``NO_VALUE`` where the record has none."""
    headers: Headers


@dataclass
class RecordingProducer:
    """``refuse`` counts down per topic: that many sends are not acknowledged. ``errors`` are raised by every send."""

    sent: list[Sent] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    async def send(self, record: Outgoing) -> Awaitable[None]:
        topic = record.topic
        value = NO_VALUE if record.value is None else record.value
        if len(value) > topic.max_bytes:
            raise RecordTooLarge
        if error := self.errors.get(topic.name):
            raise error
        refused = self.refuse.get(topic.name, 0) > 0
        if refused:
            self.refuse[topic.name] -= 1
        return self._acknowledge(Sent(topic.name, record.key, value, record.headers), refused)

    async def _acknowledge(self, sent: Sent, refused: bool) -> None:
        if refused:
            raise NotAcknowledged("refused by the test")
        self.sent.append(sent)
        self.log.append(f"sent {sent.topic}")

    def on(self, topic: str) -> list[Sent]:
        return [one for one in self.sent if one.topic == topic]
