"""The oracle of pages: knows which items must have been paged, and counts what a receiver that tells repeats has got.

It takes nothing from the page worker but the id of the alert that each page names, which it looks up in `[alerts]`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from kafka import KafkaProducer

from deploy.demo.receiver import Receiver
from pipeline.settings import Settings
from schemas import codec
from schemas.alert import Gone, Matched
from tests.ledger import Balance
from tests.paging import alerts, candidate
from tests.waiting import wait_for


@dataclass
class PageLedger:
    """Everything that must be paged once, each item a story of its own."""

    settings: Settings
    receiver: Receiver
    sent: list[Matched | Gone] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap(), acks="all")
        self._topic = self.settings.named("alert-candidates")

    def send(self, count: int, **fields: object) -> None:
        """So many new items, and returns when Kafka has them."""
        for _ in range(count):
            self.put(candidate(str(len(self.sent)), **fields))  # type: ignore[arg-type]
        self.flush()

    def put(self, record: Matched | Gone) -> None:
        self.sent.append(record)
        self._producer.send(self._topic, codec.encode(record), key=record.uid.encode())

    def again(self) -> None:
        """All of it once more, in its order."""
        for record in self.sent:
            self._producer.send(self._topic, codec.encode(record), key=record.uid.encode())
        self.flush()

    def flush(self) -> None:
        self._producer.flush(30)

    def reconnect(self) -> None:
        """After a restart of Kafka: kafka-python's producer may not find back. What was flushed is there."""
        self._producer.close(timeout=1)
        self._producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap(), acks="all")

    @property
    def items(self) -> set[str]:
        return {record.uid for record in self.sent}

    def opened(self) -> Counter[str]:
        """Alert → how many different pages have told that it opened."""
        taken = self.receiver.taken.values()
        return Counter(one.body["data"]["alert"] for one in taken if one.body["type"] == "alert.opened")

    def wait(self, what: Callable[[], str]) -> None:
        """Returns when something was paged of as many alerts as there are items."""
        wait_for(
            lambda: len(self.opened()) >= len(self.items),
            lambda: f"every item is paged; {len(self.opened())} of {len(self.items)} are. {what()}",
        )

    def balance(self) -> Balance:
        known = alerts(self.settings)
        opened = self.opened()
        of_item = {uid: alert.id for uid, alert in known.items() if alert.title is None}
        lost = [uid for uid in self.items if not opened[of_item.get(uid, "")]]
        unended = [page.id for alert in known.values() for page in alert.pages if page.end != "delivered"]
        differences = [f"{uid} was never paged" for uid in lost[:5]]
        differences += [f"{alert} was told as new {times} times" for alert, times in opened.items() if times > 1]
        differences += [f"{one} opened without an item" for one in opened if one not in of_item.values()]
        differences += [f"{len(unended)} pages have no good end in [alerts]: {unended[:5]}"] * bool(unended)
        differences += ["a signature did not verify"] * bool(self.receiver.forged)
        return Balance(
            sent=len(self.items),
            lost=len(lost),
            duplicated=sum(times - 1 for times in opened.values()),
            repeats={"pages": self.receiver.repeats},
            differences=differences,
        )


class PageStream:
    """A context in which new items come at ``rate`` a second."""

    def __init__(self, ledger: PageLedger, rate: float) -> None:
        self._ledger = ledger
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._stop.wait(1 / self._rate):
            self._ledger.put(candidate(str(len(self._ledger.sent))))

    def __enter__(self) -> PageStream:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        self._ledger.flush()
