"""A producer that keeps what it is given, and fails when a test says so."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field

from pipeline.message import Headers, NotAcknowledged, RecordTooLarge
from schemas.topics import Topic


@dataclass
class Sent:
    topic: str
    key: bytes | None
    value: bytes
    headers: Headers


@dataclass
class RecordingProducer:
    """``refuse`` counts down per topic: that many sends are not acknowledged."""

    sent: list[Sent] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    async def send(self, topic: Topic, key: bytes | None, value: bytes, headers: Headers = ()) -> Awaitable[None]:
        if len(value) > topic.max_bytes:
            raise RecordTooLarge
        refused = self.refuse.get(topic.name, 0) > 0
        if refused:
            self.refuse[topic.name] -= 1
        return self._acknowledge(Sent(topic.name, key, value, headers), refused)

    async def _acknowledge(self, sent: Sent, refused: bool) -> None:
        if refused:
            raise NotAcknowledged("refused by the test")
        self.sent.append(sent)
        self.log.append(f"sent {sent.topic}")

    def on(self, topic: str) -> list[Sent]:
        return [one for one in self.sent if one.topic == topic]
