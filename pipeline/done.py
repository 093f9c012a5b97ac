"""Waits until stages have done all there is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

from pipeline.elasticsearch_client import connect, explained
from pipeline.errors import FlagpostError
from pipeline.offsets import OffsetReader
from pipeline.settings import Settings
from pipeline.status import Lag, read_lags, require_topics
from schemas import mapping
from schemas.topics import ALERTS, AUDIT

POLL_SECONDS: Final = 0.3

UNTIL_SEARCHABLE: Final = ("classify", "index")
"""The stages that a post passes until it can be searched."""

MARKED: Final = (ALERTS, AUDIT)
"""What the page stage writes to these ends with the mark of a transaction, which is no record: always one behind."""


class NotDone(FlagpostError):
    """Stages still have work when the time is over."""


def wait_until_done(
    settings: Settings,
    timeout: float,
    told: Callable[[Sequence[Lag]], None] = lambda _lags: None,
    stages: Collection[str] = UNTIL_SEARCHABLE,
) -> None:
    """Returns when none of ``stages`` has any lag; what was indexed can be searched then. ``told`` hears of open lags.

    Raises `NotDone` after ``timeout`` seconds, `NotSetUp`, and `KafkaUnavailable` when Kafka can't be asked.
    """
    deadline = time.monotonic() + timeout
    marked = {settings.named(topic.name) for topic in MARKED}
    with OffsetReader(settings) as reader:
        while True:
            offsets, lags = read_lags(reader, settings)
            require_topics(settings, set(offsets))
            open_lags = [lag for lag in lags if lag.lag and lag.stage in stages and lag.topic not in marked]
            if not open_lags:
                break
            told(open_lags)
            if time.monotonic() > deadline:
                rest = ", ".join(f"{lag.stage} {lag.lag:,}" for lag in open_lags)
                raise NotDone(f"After {timeout:g} s there are still messages to do: {rest}.", "See `flagpost status`.")
            time.sleep(POLL_SECONDS)
    _refresh(settings)


def _refresh(settings: Settings) -> None:
    """Makes what was just indexed searchable now instead of within a second, where we have the right to."""
    with contextlib.suppress(FlagpostError), connect(settings) as client, explained(settings):
        client.indices.refresh(index=settings.named(mapping.INDEX))
