"""Reads `[alerts]` and goes on reading: what it says now, and every change from then on. Without a consumer group."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from kafka import TopicPartition
from kafka import errors as kafka_errors

from pipeline.errors import KafkaUnavailable
from pipeline.kafka_clients import explain
from pipeline.page.view import AlertView, Change
from pipeline.settings import Settings
from pipeline.topic_reader import SILENCE_SECONDS, TopicReader
from schemas.topics import ALERTS

POLL_SECONDS: Final = 0.2
"""How long one look for news takes, when there are none."""

ANSWER_SECONDS: Final = 3.0
"""Within so long Kafka must say how far the topic goes."""


class AlertsFeed(TopicReader):
    """Keeps ``view`` up; a context. Every method raises `NotSetUp`, `KafkaUnavailable` or `AccessRefused`."""

    def __init__(self, settings: Settings, view: AlertView | None = None) -> None:
        """With a ``view`` that knows something already, what it knows is no change."""
        super().__init__(settings, ALERTS)
        self.view = view if view is not None else AlertView()
        self.looked_at = time.monotonic()
        """When it was last looked how far the topic goes."""
        bounds = self.bounds()
        self._places = [TopicPartition(self._topic, number) for number in bounds]
        self._consumer.assign(self._places)
        for place in self._places:
            self._consumer.seek(place, bounds[place.partition][0])
        self._goal = {place: bounds[place.partition][1] for place in self._places}

    def read(self) -> list[Change]:
        """Takes in all that the topic held when the feed began."""
        changes: list[Change] = []
        heard = time.monotonic()
        while not self.caught_up():
            news = self.news()
            changes += news
            heard = time.monotonic() if news else heard
            if time.monotonic() - heard > SILENCE_SECONDS:
                raise KafkaUnavailable(
                    f"Kafka at {self._settings.bootstrap()} stopped giving records of {self._topic}.",
                    "Look at the brokers' health, then try again.",
                )
        return changes

    def news(self, seconds: float = POLL_SECONDS) -> list[Change]:
        """What has come; waits for something at most ``seconds``."""
        try:
            fetched = self._consumer.poll(timeout_ms=int(seconds * 1000))
        except kafka_errors.KafkaError as error:
            raise explain(error, self._settings.bootstrap()) from error
        changes = (self.view.take(record.key, record.value) for records in fetched.values() for record in records)
        return [change for change in changes if change is not None]

    def look_ahead(self) -> None:
        """Asks how far the topic goes now: `caught_up` is measured by that from here on.

        It is also the only way to learn that Kafka is away: a consumer that gets nothing just waits.
        """
        asked_at = time.monotonic()
        try:
            self._goal = self._consumer.end_offsets(self._places, timeout_ms=int(ANSWER_SECONDS * 1000))
        except kafka_errors.KafkaError as error:
            raise explain(error, self._settings.bootstrap()) from error
        self.looked_at = asked_at

    def caught_up(self) -> bool:
        """Whether ``view`` holds all that was there when this was last looked at."""
        return all(self._consumer.position(place) >= end for place, end in self._goal.items())

    def follow(self, look_every: float = 1.0) -> Iterator[list[Change]]:
        """News without end, in lists that may be empty, some a second."""
        look_at = time.monotonic() + look_every
        while True:
            yield self.news()
            if time.monotonic() >= look_at:
                self.look_ahead()
                look_at = time.monotonic() + look_every
