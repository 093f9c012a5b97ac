"""Sends a decision to `[reviews]`, and finds out what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.errors import KafkaUnavailable
from pipeline.kafka_clients import explain, kafka_errors_explained, kafka_python_options, topic_ids
from pipeline.review.log import PARTITION, Entry, ReviewLog
from pipeline.review.numbering import Outdated, Overtaken
from pipeline.settings import Settings
from schemas import codec
from schemas.review import Review
from schemas.topics import REVIEWS

ACKNOWLEDGED_SECONDS: Final = 20.0

_HEADROOM: Final = 4096


@dataclass(frozen=True, slots=True)
class Submitted:
    """A decision that stands in `[reviews]`, and the one that came before it where that leaves it without effect."""

    entry: Entry
    first: Entry | None


def submit(settings: Settings, review: Review) -> Submitted:
    """Returns when every in-sync replica has the decision and its fate is known. The review stage need not run.

    Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`. Where it is not known whether the decision is there, the
    same one sent again is overtaken by itself, which changes nothing.
    """
    offset = _publish(settings, review)
    uid = review.uid
    with ReviewLog(settings) as log:
        begin = min(log.first_that_counts(review.item), offset)
        entries = {one.offset: one for one in log.entries(begin, offset + 1, lambda other: other == uid)}
    fate = entries[offset].fate
    return Submitted(entries[offset], entries[fate.by] if isinstance(fate, Overtaken | Outdated) else None)


def _publish(settings: Settings, review: Review) -> int:
    """The offset of the decision, once it is acknowledged."""
    name = settings.named(REVIEWS.name)
    topic_ids(settings, [name])
    with kafka_errors_explained(settings):
        producer = KafkaProducer(
            **kafka_python_options(settings),
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            max_request_size=REVIEWS.max_bytes + _HEADROOM,
            max_block_ms=10_000,
            delivery_timeout_ms=int(ACKNOWLEDGED_SECONDS * 1000),
            request_timeout_ms=int(ACKNOWLEDGED_SECONDS * 800),
        )
    try:
        sent = producer.send(name, key=review.uid.encode(), value=codec.encode(review), partition=PARTITION)
        offset: int = sent.get(timeout=ACKNOWLEDGED_SECONDS).offset
        return offset
    except kafka_errors.KafkaError as error:
        meaning = explain(error, settings.bootstrap())
        if isinstance(meaning, KafkaUnavailable):
            meaning.hint = f"{meaning.hint} Then look with `flagpost review show` whether the decision is there."
        raise meaning from None
    finally:
        producer.close(timeout=1)
