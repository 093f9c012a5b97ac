"""Sends posts to `[posts]` and what can't be used to `[dead-letters]`, each with every in-sync replica's acknowledgement."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.errors import FlagpostError, KafkaUnavailable, NotSetUp
from pipeline.ingest.in_flight import InFlight
from pipeline.kafka_clients import explain, kafka_errors_explained, kafka_python_options, topic_ids
from pipeline.settings import Settings
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS, MEBIBYTE, POSTS

MAX_IN_FLIGHT = 10_000
MAX_IN_FLIGHT_BYTES = 32 * MEBIBYTE

HEADROOM = 4096
"""Bytes of a dead letter's record that are kept for its headers and Kafka's framing."""

MAX_DEAD_LETTER = DEAD_LETTERS.max_bytes - HEADROOM
"""Most bytes of a line that can be kept verbatim."""

PATIENCE = 30.0
"""Seconds that a record may stay unacknowledged where nobody says otherwise."""

Then = Callable[[BaseException | None], None]
"""Told once what became of a record: None when it is durable, else a `FlagpostError` that says why it is not acknowledged.

It may or may not be there then, and sending it again is safe. Called on any thread; it must not block.
"""


class Publisher(Protocol):
    """Where ingest puts what it read. Nothing is durable before its ``then`` was called with None."""

    def post(self, uid: str, value: bytes, then: Then) -> None:
        """Takes an encoded post in; blocks while too much is in flight. Posts of one uid keep their order.

        Raises `KafkaUnavailable` when Kafka answers nothing any more; then the post was not taken in.
        """
        ...

    def dead_letter(self, value: bytes, letter: DeadLetter, then: Then) -> None:
        """Takes original bytes in, at most `MAX_DEAD_LETTER`; blocks and raises as `post` does."""
        ...

    def flush(self) -> None:
        """Returns when every ``then`` of earlier calls was called.

        Raises `KafkaUnavailable` when Kafka has gone silent or has failed a record; some may then never be called.
        """
        ...


class KafkaPublisher:
    """A `Publisher` on kafka-python's idempotent producer (acks=all). Never creates a topic.

    Once a record was not acknowledged it takes no more: it can't be relied on any longer (see `RenewingPublisher`).
    """

    def __init__(self, settings: Settings, patience: float | None = None) -> None:
        """``patience`` is how many seconds a record may stay unacknowledged before it counts as failed, at least 1; by
        default `PATIENCE`.

        Raises `KafkaUnavailable`, `AccessRefused` or `NotSetUp` within a few seconds.
        """
        self._posts = settings.named(POSTS.name)
        self._dead_letters = settings.named(DEAD_LETTERS.name)
        self._address = settings.bootstrap()
        self._patience = patience = PATIENCE if patience is None else patience
        self._failed: FlagpostError | None = None
        self._in_flight = InFlight(MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES, patience)
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
        if not self._in_flight.wait_empty():
            raise self._failed or self._silent()

    def close(self) -> None:
        """Lets go of Kafka. What was not acknowledged by now is reported to its ``then`` as failed, or not at all."""
        with suppress(kafka_errors.KafkaError):
            self._producer.close(timeout=1)

    def _send(self, topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], then: Then) -> None:
        size = len(value)
        if not self._in_flight.enter(size):
            raise self._failed or self._silent()
        try:
            future = self._producer.send(topic, key=key, value=value, headers=headers)
        except (kafka_errors.KafkaError, ValueError) as error:
            self._answered(size, then, error)
            return
        future.add_callback(partial(self._acknowledged, size, then))
        future.add_errback(partial(self._answered, size, then))

    def _acknowledged(self, size: int, then: Then, _metadata: Any) -> None:
        self._answered(size, then, None)

    def _answered(self, size: int, then: Then, error: BaseException | None) -> None:
        meaning = None if error is None else self._meaning_of(error)
        try:
            then(meaning)
        finally:
            self._in_flight.leave(size)
            if isinstance(meaning, FlagpostError):
                self._failed = self._failed or meaning
                self._in_flight.give_up()

    def _silent(self) -> KafkaUnavailable:
        return KafkaUnavailable(
            f"Kafka at {self._address} does not acknowledge what we send, for {self._patience:.0f} s now.",
            "Check the brokers.",
        )

    def _meaning_of(self, error: BaseException) -> FlagpostError:
        if isinstance(error, kafka_errors.MessageSizeTooLargeError | kafka_errors.RecordListTooLargeError):
            # Nothing that ingest sends is too large for topics that setup has made. And kafka-python's idempotent producer
            # fails every later record with the same error, so it says nothing of this one.
            return NotSetUp(
                f"A topic of Kafka at {self._address} takes smaller records than flagpost sends.",
                "Run `flagpost setup`.",
            )
        if isinstance(error, kafka_errors.KafkaTimeoutError):
            return self._silent()
        return explain(error, self._address)
