"""How much of what came in the last minutes could not be used, by `[outcomes]` and `[dead-letters]`."""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from typing import Final

from pipeline.alert.rules import SystemRules
from pipeline.watch.condition import Condition
from pipeline.watch.conditions import dead_letter_conditions
from pipeline.watch.connections import Connections
from pipeline.watch.follower import Follower
from pipeline.watch.part import At
from schemas import codec
from schemas.codec import InvalidMessage
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS, OUTCOMES

WINDOW: Final = dt.timedelta(minutes=10)

MOST_BATCHES: Final = 2000
MOST_LETTERS: Final = 100
"""At one look, of a partition. A dead letter may hold 2 MiB; whether there are a hundred or more is all the same."""

COUNTED_BY_OUTCOMES: Final = "classify"


class DeadLetterWatch:
    """What is read counts for `WINDOW` from then on: the clock of whoever wrote it may be wrong."""

    def __init__(self, connections: Connections) -> None:
        self._outcomes = Follower(connections, OUTCOMES, MOST_BATCHES)
        self._letters = Follower(connections, DEAD_LETTERS, MOST_LETTERS)
        self._batches: deque[tuple[float, int, int]] = deque()
        self._others: deque[tuple[float, str]] = deque()

    def ask(self, at: At, limits: SystemRules) -> None:
        for record in self._outcomes.news(at.now - WINDOW).records:
            try:
                outcomes = codec.decode(OUTCOMES, record.value).outcomes
            except InvalidMessage:
                continue  # of a release that says more
            dead = sum(outcome.outcome == "dead_lettered" for outcome in outcomes)
            self._batches.append((at.seconds, dead, len(outcomes)))
        for record in self._letters.news(at.now - WINDOW).records:
            stage = DeadLetter.from_headers(record.headers or ()).stage
            if stage != COUNTED_BY_OUTCOMES:
                self._others.append((at.seconds, stage))

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        oldest = at.seconds - WINDOW.total_seconds()
        while self._batches and self._batches[0][0] < oldest:
            self._batches.popleft()
        while self._others and self._others[0][0] < oldest:
            self._others.popleft()
        return dead_letter_conditions(
            dead=sum(dead for _, dead, _ in self._batches),
            records=sum(records for *_, records in self._batches),
            others=Counter(stage for _, stage in self._others),
            dead_letter_share=limits.dead_letter_share,
        )
