"""Writes down who did what: `[audit]`."""

from __future__ import annotations

import datetime as dt
from typing import Final

from pipeline.errors import FlagpostError, InvalidInput
from pipeline.message import Outgoing
from pipeline.settings import Settings
from schemas import codec
from schemas.audit import MOST_CHARACTERS, AuditEntry
from schemas.topics import AUDIT

ITSELF: Final = "flagpost"
"""``by`` of what flagpost did by itself."""


def audited(act: str, on: str, at: dt.datetime, by: str = ITSELF, **detail: str) -> Outgoing:
    """The record of one act. ``detail`` never holds the text of a post or a secret; it is cut to what fits."""
    fitting = {name: _writable(value)[:MOST_CHARACTERS] for name, value in detail.items()}
    entry = AuditEntry(at=at, by=_writable(by), act=act, on=_writable(on), detail=fitting)
    return Outgoing(AUDIT, entry.on.encode(), codec.encode(entry))


def record(settings: Settings, *entries: Outgoing) -> dt.datetime | None:
    """Returns when every in-sync replica has the ``entries``, which `audited` makes: **first the line, then the act**.

    It returns when Kafka took the last one in, by the clock of its broker; None where there was none. Whoever calls shows or
    does what was asked for after that, and not at all when this raises: `InvalidInput` where nobody could read an entry,
    `NotSetUp`, `KafkaUnavailable` or `AccessRefused`. An entry may then stand there without its act.
    """
    from pipeline.send import sent  # Kafka's library is slow to import, and workers write by their own

    for entry in entries:
        try:
            codec.decode(AUDIT, entry.value)
        except codec.InvalidMessage as fault:
            raise InvalidInput(f"This can't be recorded ({fault.detail}).", "Shorten what you gave.") from None
    try:
        taken_in = sent(settings, entries, "Then run the same command again.")
    except FlagpostError as error:
        error.message = f"{error.message} What can't be recorded is not done."
        raise
    return max((dt.datetime.fromtimestamp(one.timestamp / 1000, dt.UTC) for one in taken_in), default=None)


def _writable(text: str) -> str:
    """``text`` with what is no Unicode, as a command line may hold, made visible."""
    return text.encode("utf-8", "backslashreplace").decode()
