"""Sends posts to `[posts]` and what can't be used to `[dead-letters]`, each with every in-sync replica's acknowledgement."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.errors import FlagpostError, KafkaUnavailable
from pipeline.ingest.in_flight import InFlight
from pipeline.kafka_clients import explain, kafka_errors_explained, kafka_python_options, topic_ids
from pipeline.message import RecordTooLarge
from pipeline.settings import Settings
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS, MEBIBYTE, POSTS

MAX_IN_FLIGHT = 10_000
MAX_IN_FLIGHT_BYTES = 32 * MEBIBYTE

HEADROOM = 4096
"""Bytes of a dead letter's record that are kept for its headers and Kafka's framing."""

MAX_DEAD_LETTER = DEAD_LETTERS.max_bytes - HEADROOM
"""Most bytes of a line that can be kept verbatim."""

Then = Callable[[BaseException | None], None]
"""Told once what became of a record: None when it is durable, else why not.

`RecordTooLarge`: never will be. Any `FlagpostError`: Kafka did not acknowledge it in time; it may or may not be there, and
sending it again is safe. Called on any thread; it must not block.
"""


class Publisher(Protocol):
    """Where ingest puts what it read. Nothing is durable before its ``then`` was called with None."""

    def post(self, uid: str, value: bytes, then: Then) -> None:
        """Takes an encoded post in; blocks while too much is in flight. Posts of one uid keep their order."""
        ...

    def dead_letter(self, value: bytes, letter: DeadLetter, then: Then) -> None:
        """Takes original bytes in, at most `MAX_DEAD_LETTER`; blocks while too much is in flight."""
        ...

    def flush(self) -> None:
        """Returns when every ``then`` of earlier calls was called."""
        ...


class KafkaPublisher:
    """A `Publisher` on kafka-python's idempotent producer (acks=all). Never creates a topic."""

    def __init__(self, settings: Settings, patience: float = 30.0) -> None:
        """``patience`` is how many seconds a record may stay unacknowledged before it counts as failed, at least 1.

        Raises `KafkaUnavailable`, `AccessRefused` or `NotSetUp` within a few seconds.
        """
        self._posts = settings.named(POSTS.name)
        self._dead_letters = settings.named(DEAD_LETTERS.name)
        self._address = settings.bootstrap()
        self._patience = patience
        self._in_flight = InFlight(MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES)
        self.topic_id = topic_ids(settings, [self._posts, self._dead_letters])[self._posts]
        """Kafka's own id of `[posts]`: what was sent there is nowhere else."""
        with kafka_errors_explained(settings):
            self._producer = KafkaProducer(
                **kafka_python_options(settings),
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                max_request_size=DEAD_LETTERS.max_bytes + HEADROOM,
                batch_size=64 * 1024,
                linger_ms=10,
                max_block_ms=5_000,
                request_timeout_ms=int(patience * 800),
                delivery_timeout_ms=int(patience * 1000),
                reconnect_backoff_max_ms=2_000,
                metrics_enabled=False,
            )
            for topic in (self._posts, self._dead_letters):
                self._producer.partitions_for(topic)

    def post(self, uid: str, value: bytes, then: Then) -> None:
        self._send(self._posts, uid.encode(), value, [], then)

    def dead_letter(self, value: bytes, letter: DeadLetter, then: Then) -> None:
        self._send(self._dead_letters, None, value, letter.to_headers(), then)

    def flush(self) -> None:
        # Kafka answers every record within our patience, or fails it; a moment more, and something is broken.
        if not self._in_flight.wait_empty(self._patience + 10):
            raise KafkaUnavailable(
                f"Kafka at {self._address} left records unanswered.", "Run the same command again: it goes on from there."
            )

    def close(self) -> None:
        """Lets go of Kafka. What was not acknowledged by now is reported to its ``then`` as failed, or not at all."""
        self._producer.close(timeout=1)

    def _send(self, topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], then: Then) -> None:
        size = len(value)
        self._in_flight.enter(size)
        try:
            future = self._producer.send(topic, key=key, value=value, headers=headers)
        except (kafka_errors.KafkaError, AssertionError) as error:
            self._answered(size, then, error)
            return
        future.add_callback(partial(self._acknowledged, size, then))
        future.add_errback(partial(self._answered, size, then))

    def _acknowledged(self, size: int, then: Then, _metadata: Any) -> None:
        self._answered(size, then, None)

    def _answered(self, size: int, then: Then, error: BaseException | None) -> None:
        try:
            then(None if error is None else self._meaning_of(error))
        finally:
            self._in_flight.leave(size)

    def _meaning_of(self, error: BaseException) -> RecordTooLarge | FlagpostError:
        if isinstance(error, kafka_errors.MessageSizeTooLargeError | kafka_errors.RecordListTooLargeError):
            return RecordTooLarge()
        return explain(error, self._address)
