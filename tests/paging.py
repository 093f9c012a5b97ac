"""A real page worker, whom it pages, and what there is in `[alerts]`: for tests on a real Kafka."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from deploy.demo.receiver import Receiver
from pipeline.page.read import read_alerts
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Action, Alert, Excerpt, Gone, Match, Matched
from schemas.labels import Grade
from schemas.topics import ALERTS
from tests.waiting import PATIENCE

KEY_VARIABLE = "PAGER_KEY"

RULES = """
version: 1
channels:
  pager: {{type: webhook, url: "{url}", secret: {{env: PAGER_KEY}}, allow_private: true}}
people:
  inspector: {{channels: {{pager: ""}}}}
  operator: {{channels: {{pager: ""}}}}
rota:
  duty: [{{who: [inspector]}}]
rules:
  - name: danger
    when: {{}}
    to: [duty]
    severity: critical
    group_wait_seconds: {wait:g}
    group_interval_minutes: {interval:g}
    repeat_minutes: {repeat}
    most_an_hour: 100000
{system}
"""


def paged_to(
    receiver: Receiver,
    folder: Path,
    wait: float = 0,
    interval: float = 5,
    repeat: float | None = None,
    system: bool = False,
) -> dict[str, str]:
    """Writes a rules file in which everything that matches is paged to ``receiver``; the environment of workers with it."""
    path = folder / "rules.yaml"
    operators = "system: {to: [operator]}" if system else ""
    text = RULES.format(
        url=receiver.url, wait=wait, interval=interval, repeat="null" if repeat is None else repeat, system=operators
    )
    path.write_text(text, "utf-8")
    return {"FLAGPOST_RULES": str(path), KEY_VARIABLE: receiver.key}


def candidate(id: str, version: int = 1, grade: Grade = "prompt", group: str = "", **fields: Any) -> Matched:
    """A story of its own, unless ``group`` says which."""
    now = dt.datetime.now(dt.UTC)
    excerpt = Excerpt(label="intel", grade=grade, score=0.9, text=f"lads dealing by the pier {id}", posted_at=now)
    match = Match(rule="danger", severity="critical", group=group or id)
    return Matched(
        **{
            "source": "x",
            "id": id,
            "version": version,
            "revision": now,
            "matches": [match],
            "excerpt": excerpt,
            **fields,
        }
    )


def send(settings: Settings, *records: Matched | Gone | Action) -> None:
    """Returns when Kafka has all of them, each in its topic."""
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap(), acks="all")
    try:
        sent = [
            producer.send(
                settings.named("alert-actions" if isinstance(record, Action) else "alert-candidates"),
                codec.encode(record),
                key=(record.alert if isinstance(record, Action) else record.uid).encode(),
            )
            for record in records
        ]
        producer.flush()
        for one in sent:
            one.get(timeout=PATIENCE)
    finally:
        producer.close()


def alerts(settings: Settings) -> dict[str, Alert]:
    """First item's uid → its alert, as `[alerts]` has it now; of alerts about flagpost itself the rule and what is wrong."""
    found = read_alerts(settings)
    return {alert.items[0].uid if alert.items else f"{alert.rule} {alert.group}": alert for alert in found}


def pages_of(found: Iterable[Alert]) -> dict[str, str | None]:
    """Delivery id → end."""
    return {page.id: page.end for alert in found for page in alert.pages}


class Written:
    """Puts alerts into `[alerts]` as the page stage does: in transactions, some of which are taken back."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.named(ALERTS.name)
        self._producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap, transactional_id=self._topic)
        self._producer.init_transactions()

    def put(self, *alerts: Alert, taken_back: bool = False) -> Alert:
        """Returns the last."""
        self._producer.begin_transaction()
        for one in alerts:
            self._producer.send(self._topic, codec.encode(one), key=one.id.encode())
        self._producer.flush(20)
        if taken_back:
            self._producer.abort_transaction()
        else:
            self._producer.commit_transaction()
        return alerts[-1]

    def remove(self, alert_id: str) -> None:
        self._producer.begin_transaction()
        self._producer.send(self._topic, None, key=alert_id.encode())
        self._producer.commit_transaction()


def settled(settings: Settings) -> bool:
    """Whether every page in `[alerts]` has an end: none would be sent again by who takes over."""
    return all(page.end for alert in alerts(settings).values() for page in alert.pages)
