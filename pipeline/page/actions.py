"""What a person does about an alert, on its way to the page stage: into `[alert-actions]`, until `[alerts]` shows it."""

from __future__ import annotations

import time
from typing import Final

from pipeline.errors import FlagpostError, InvalidInput
from pipeline.message import Outgoing
from pipeline.page.feed import AlertsFeed
from pipeline.page.people import mark_of
from pipeline.send import send
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Action, ActionKind, Alert
from schemas.topics import ALERT_ACTIONS

NOT_SURE: Final = "Then see with `flagpost alerts show` whether it was done."

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
    or not.
    """
    try:
        value = codec.encode(action)
        codec.decode(ALERT_ACTIONS, value)
    except codec.InvalidMessage as fault:
        raise InvalidInput(f"This can't be recorded ({fault.detail}).", "Shorten the name or the note.") from None
    except UnicodeEncodeError:
        raise InvalidInput("The name or the note is not UTF-8.", "Write it in a terminal that is.") from None
    send(settings, [Outgoing(ALERT_ACTIONS, action.alert.encode(), value)], NOT_SURE)
