"""Sends dead letters back to the topics that they came from, byte for byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.dead_letters import LetterId, Stored
from pipeline.errors import FlagpostError, KafkaUnavailable
from pipeline.ingest.canonical import Defaults, canonical, encoded
from pipeline.ingest.sources.jsonl import parse_object
from pipeline.kafka_clients import explain, kafka_errors_explained, kafka_python_options
from pipeline.settings import Settings
from schemas.codec import InvalidMessage
from schemas.topics import DEAD_LETTERS, POSTS, TOPICS

REPLAYED_FROM: Final = "flagpost-replayed-from"
"""Header of a replayed record: the id of its dead letter."""

_HEADROOM: Final = 4096
_AT_ONCE: Final = 500
_ACKNOWLEDGED_SECONDS: Final = 30.0


class NotReplayable(Exception):
    """This dead letter can't be sent again; the message says why, and never quotes the post."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent for one dead letter; ``topic`` is the table's name, without the namespace."""

    id: LetterId
    topic: str
    key: bytes | None
    value: bytes


@dataclass(slots=True)
class Replayed:
    """What became of the chosen dead letters."""

    sent: int
    refused: list[tuple[LetterId, str]]


def outgoing(stored: Stored, now: dt.datetime) -> Outgoing:
    """What to send for ``stored``. Raises `NotReplayable`.

    A record goes back as it was. A line that ingest could not use never was a record: it is read again, as JSON, since the
    reading of today may be kinder than that of then.
    """
    topic = stored.letter.topic
    if topic is None:
        try:
            record = canonical(parse_object(stored.value), Defaults(), now)
            return Outgoing(stored.id, POSTS.name, record.uid.encode(), encoded(record))
        except InvalidMessage as fault:
            raise NotReplayable(f"this line of a file is still no post ({fault})") from None
    if topic not in TOPICS or topic == DEAD_LETTERS.name:
        raise NotReplayable(f"it came from {topic!r}, which is not a topic of flagpost")
    if TOPICS[topic].cleanup == "compact":
        raise NotReplayable(f"it came from {topic}, where it would take the place of what is newer")
    return Outgoing(stored.id, topic, stored.key, stored.value)


class Replayer:
    """Sends dead letters again; a context. Raises `KafkaUnavailable` or `AccessRefused`; what was sent then stays sent."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        with kafka_errors_explained(settings):
            self._producer: Any = KafkaProducer(
                **kafka_python_options(settings),
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                max_request_size=DEAD_LETTERS.max_bytes + _HEADROOM,
                max_block_ms=10_000,
                delivery_timeout_ms=int(_ACKNOWLEDGED_SECONDS * 1000),
                request_timeout_ms=int(_ACKNOWLEDGED_SECONDS * 800),
                linger_ms=5,
            )

    def __enter__(self) -> Replayer:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close(timeout=1)

    def replay(
        self, letters: Iterable[Stored], now: dt.datetime, progress: Callable[[int], None] = lambda sent: None
    ) -> Replayed:
        """Returns when every dead letter that can be sent again is acknowledged by all in-sync replicas."""
        result = Replayed(0, [])
        waiting: list[tuple[LetterId, Any]] = []
        for stored in letters:
            try:
                waiting.append((stored.id, self._send(outgoing(stored, now))))
            except NotReplayable as why:
                result.refused.append((stored.id, str(why)))
            if len(waiting) >= _AT_ONCE:
                self._acknowledge(waiting, result)
                progress(result.sent)
        self._acknowledge(waiting, result)
        return result

    def _send(self, record: Outgoing) -> Any:
        headers = [(REPLAYED_FROM, str(record.id).encode())]
        name = self._settings.named(record.topic)
        try:
            return self._producer.send(name, key=record.key, value=record.value, headers=headers)
        except kafka_errors.MessageSizeTooLargeError:
            raise NotReplayable(f"it is larger than {name} takes") from None
        except kafka_errors.KafkaError as error:
            raise self._failed(error) from None

    def _acknowledge(self, waiting: list[tuple[LetterId, Any]], result: Replayed) -> None:
        if not waiting:
            return
        for letter, future in waiting:
            try:
                future.get(timeout=_ACKNOWLEDGED_SECONDS)
                result.sent += 1
            except (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError):
                result.refused.append((letter, "it is larger than its topic takes"))
            except kafka_errors.KafkaError as error:
                raise self._failed(error) from None
        waiting.clear()

    def _failed(self, error: Exception) -> FlagpostError:
        meaning = explain(error, self._settings.bootstrap())
        if isinstance(meaning, KafkaUnavailable):
            meaning.hint = f"{meaning.hint} Then run the same command again: sending twice changes nothing."
        return meaning
