"""How workers on every machine are, by what they say on `[workers]`."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Collection
from typing import Final

from pipeline.alert.rules import SystemRules
from pipeline.settings import Settings
from pipeline.watch.condition import Condition
from pipeline.watch.connections import Connections
from pipeline.watch.follower import Follower
from pipeline.watch.lives import LOOK_BACK, Lives
from pipeline.watch.part import At
from pipeline.watch.report import hostname
from pipeline.watch.worker_conditions import (
    clock_conditions,
    paused_conditions,
    restart_conditions,
    unseen_conditions,
)
from schemas import codec
from schemas.codec import InvalidMessage
from schemas.topics import WORKERS

MOST_REPORTS: Final = 20_000
"""Of `LOOK_BACK`: a hundred workers' signs."""


class WorkerWatch:
    """``ran`` tells the stages of which there must be a worker; ``mine`` is the stage that asks."""

    def __init__(self, connections: Connections, ran: Callable[[], Collection[str]], mine: str = "page") -> None:
        self._reports = Follower(connections, WORKERS, MOST_REPORTS)
        self._lives = Lives()
        self._ran = ran
        self._mine = mine
        self._began: dt.datetime | None = None

    def brokers_time(self, local: dt.datetime) -> dt.datetime:
        """This machine's ``local`` time put right, once this process's own report has come back with the brokers' stamp."""
        return self._lives.now(local + (self._lives.skew(hostname(), os.getpid()) or dt.timedelta()))

    def ask(self, at: At, limits: SystemRules) -> None:
        self._began = self._began or at.now
        _note(self._lives, self._reports, at.now)

    def conditions(self, at: At, limits: SystemRules) -> list[Condition]:
        return [
            *paused_conditions(self._lives, at.now),
            *restart_conditions(self._lives, at.now),
            *clock_conditions(self._lives, at.now),
            *unseen_conditions(self._lives, self._ran(), at.now, self._began or at.now, self._mine),
        ]


def read_lives(settings: Settings, now: dt.datetime) -> Lives:
    """What workers of every machine have said lately. Raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`."""
    connections = Connections(settings)
    try:
        lives = Lives()
        _note(lives, Follower(connections, WORKERS, MOST_REPORTS), now)
        return lives
    finally:
        connections.close()


def _note(lives: Lives, reports: Follower, now: dt.datetime) -> None:
    for record in reports.news(now - LOOK_BACK).records:
        try:
            report = codec.decode(WORKERS, record.value)
        except InvalidMessage:
            continue  # of a release that says more
        lives.saw(report, dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC))
    lives.forget(lives.now(now))
