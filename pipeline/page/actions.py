"""What a person does about an alert, on its way to the page stage: into `[alert-actions]`, until `[alerts]` shows it."""

from __future__ import annotations

import time
from typing import Any, Final

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.errors import FlagpostError, InvalidInput, KafkaUnavailable
from pipeline.kafka_clients import explain, kafka_errors_explained, kafka_python_options, topic_ids
from pipeline.page.feed import AlertsFeed
from pipeline.page.people import mark_of
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Action, ActionKind, Alert
from schemas.topics import ALERT_ACTIONS

ACKNOWLEDGED_SECONDS: Final = 10.0
"""Within so long every in-sync replica must have an action."""

TAKEN_UP_SECONDS: Final = 10.0
"""The page stage answers within a second; without an answer for so long, none works."""


class NotTakenUp(FlagpostError):
    """The action is in Kafka, and no page worker has answered it yet."""


def possible(alert: Alert) -> list[ActionKind]:
    """What can still be done about ``alert``, the likeliest first."""
    match alert.state:
        case "open":
            return ["acknowledge", "escalate", "resolve"]
        case "acknowledged":
            return ["resolve", "escalate"]
        case "resolved":
            return []


def act(settings: Settings, feed: AlertsFeed, action: Action) -> Alert | None:
    """Publishes ``action`` and returns its alert once it shows what became of that; None when it is kept no longer.

    ``feed`` has been read. Raises as `publish`, and `NotTakenUp` when nothing came of it within `TAKEN_UP_SECONDS`.
    """
    publish(settings, action)
    deadline = time.monotonic() + TAKEN_UP_SECONDS
    for _ in feed.follow():
        now = feed.view.get(action.alert)
        if now is None or mark_of(action) in now.spent:
            return now
        if time.monotonic() > deadline:
            break
    raise NotTakenUp(
        f"It is recorded, but no page worker has taken it up within {TAKEN_UP_SECONDS:g} s.",
        "It will be done as soon as one works: `flagpost status` shows whether one does, `flagpost worker page` starts one.",
    )


def publish(settings: Settings, action: Action) -> None:
    """Returns when every in-sync replica has ``action``.

    Raises `InvalidInput` when nobody could read it, `NotSetUp`, `KafkaUnavailable` or `AccessRefused`: then it may be there
    or not. Each has a producer of its own: actions are few and made by hand, and a producer
    that Kafka once failed can't be relied on any more (see pipeline/ingest/renewing.py).
    """
    try:
        value = codec.encode(action)
        codec.decode(ALERT_ACTIONS, value)
    except codec.InvalidMessage as fault:
        raise InvalidInput(f"This can't be recorded ({fault.detail}).", "Shorten the name or the note.") from None
    except UnicodeEncodeError:
        raise InvalidInput("The name or the note is not UTF-8.", "Write it in a terminal that is.") from None
    topic = settings.named(ALERT_ACTIONS.name)
    topic_ids(settings, [topic])
    with kafka_errors_explained(settings):
        producer: Any = KafkaProducer(
            **kafka_python_options(settings),
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            max_block_ms=5_000,
            delivery_timeout_ms=int(ACKNOWLEDGED_SECONDS * 1000),
            request_timeout_ms=int(ACKNOWLEDGED_SECONDS * 800),
            metrics_enabled=False,
        )
    try:
        producer.send(topic, key=action.alert.encode(), value=value).get(timeout=ACKNOWLEDGED_SECONDS)
    except kafka_errors.KafkaError as error:
        meaning = explain(error, settings.bootstrap())
        if isinstance(meaning, KafkaUnavailable):
            meaning.hint = f"{meaning.hint} Then see with `flagpost alerts show` whether it was done."
        raise meaning from None
    finally:
        producer.close(timeout=1)
