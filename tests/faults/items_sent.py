"""The oracle for the index stage alone: what was put onto `[flagged]`, and what must be found of it.

Shares no logic with the product: records are written by hand, and read back with plain clients.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer

from pipeline.settings import Settings
from tests.ledger import Balance, Ledger


@dataclass
class ItemsSent:
    """Everything that one test sent to `[flagged]`."""

    settings: Settings
    texts: dict[str, str] = field(default_factory=dict)
    """uid → text"""
    poison: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap())
        self._ledger = Ledger(self.settings)
        self._compared = 0

    @property
    def records(self) -> int:
        return len(self.texts) + len(self.poison)

    def item(self, id: str, text: str, poison: bool = False, **fields: Any) -> None:
        """Sends one item; ``fields`` are more of its post. ``poison`` says that Elasticsearch will never take it."""
        body = {
            "type": "item",
            "post": {"source": "x", "id": id, "text": text, "created_at": "2026-08-15T10:00:00Z", **fields},
            "verdict": {
                "label": "intel",
                "scores": {"intel": 0.9, "help_request": 0.04, "complaint": 0.03, "chatter": 0.03},
                "grade": "routine",
                "model": "by-hand@1",
                "activation": 1,
            },
            "judged_at": "2026-08-15T10:00:01Z",
        }
        value = json.dumps(body).encode()
        if poison:
            self.bad(value, f"x:{id}")
        else:
            self.texts[f"x:{id}"] = text
            self._send(f"x:{id}", value)

    def bad(self, value: bytes, key: str) -> None:
        """Sends something that nobody can use."""
        self.poison.append(value)
        self._send(key, value)

    def flush(self) -> None:
        self._producer.flush()

    def stored(self) -> int:
        """How many documents there are, tombstones too."""
        return len(self._ledger._hits("flagpost-items-v1"))

    def letters(self) -> list[bytes]:
        """The values of all dead letters."""
        return [record.value for record in self._ledger._read("dead-letters")]

    def balance(self) -> Balance:
        """Compares what is there with what was sent; its ``sent`` counts from the last comparison on."""
        hits = self._ledger._hits("flagpost-items-v1")
        found = {hit["_source"]["flagpost"]["uid"]: hit["_source"]["message"] for hit in hits}
        letters = self.letters()
        missing = Counter(self.poison) - Counter(letters)
        lost = sorted(uid for uid, text in self.texts.items() if found.get(uid) != text)
        wrong = [f"{uid} is lost or has another text" for uid in lost]
        wrong += [f"{uid} was never sent" for uid in found.keys() - self.texts.keys()]
        wrong += [f"{missing.total()} poisoned messages are not among the dead letters"] * bool(missing)
        wrong += ["dead letters that nobody poisoned"] * bool(set(letters) - set(self.poison))
        sent, self._compared = self.records - self._compared, self.records
        return Balance(
            sent=sent,
            lost=len(lost) + missing.total(),
            duplicated=len(hits) - len(found),
            repeats={"dead-letters": len(letters) - len(self.poison)},
            differences=wrong,
        )

    def _send(self, key: str, value: bytes) -> None:
        self._producer.send(self.settings.named("flagged"), value, key=key.encode())
