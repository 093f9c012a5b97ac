"""Every change of `[alerts]` from now on, over outages of Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from pipeline.errors import KafkaUnavailable
from pipeline.page.feed import AlertsFeed
from pipeline.page.view import AlertView, Change
from pipeline.settings import Settings

AGAIN_SECONDS: Final = 2.0
"""After so long a feed that failed is begun anew."""


def watched(settings: Settings, tell: Callable[[str], None]) -> Iterator[Change]:
    """Without end. ``tell`` gets a sentence when it begins, when Kafka is away, and when it is back.

    What happened while it was away comes then.
    Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused` before it has begun; later only what no waiting mends.
    """
    view = AlertView()
    begun = away = False
    while True:
        try:
            with AlertsFeed(settings, view) as feed:
                missed = feed.read()
                if begun:
                    tell("Kafka answers again.")
                    yield from missed
                else:
                    unresolved = sum(alert.state != "resolved" for alert in view.all())
                    tell(f"Watching; {unresolved:,} alert{' is' if unresolved == 1 else 's are'} open or acknowledged.")
                begun, away = True, False
                for changes in feed.follow():
                    yield from changes
        except KafkaUnavailable as error:
            if not begun:
                raise
            if not away:
                tell(f"{error.message} It is tried again.")
            away = True
        time.sleep(AGAIN_SECONDS)
