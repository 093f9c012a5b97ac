"""The oracle: knows what was sent, and says what must be found. Shares no logic with the product's stages.

It reads Kafka and Elasticsearch with plain clients. Which posts are flagged is the model's business, so the ledger takes
the label from `[outcomes]`, and checks everything that follows from it: nothing sent is without an outcome, every flagged
post is found once with its newest text, every deleted or chatter post is not found, and every poisoned message is in the
dead letters, byte by byte.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from pipeline.settings import Settings


@dataclass
class Ledger:
    """Everything that one test sent to `[posts]`."""

    settings: Settings
    records: int = 0
    wordings: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """(source, id) → (revision, text)"""
    deleted: set[tuple[str, str]] = field(default_factory=set)
    poison: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap())

    def post(self, id: str, text: str, source: str = "x", times: int = 1, **fields: Any) -> None:
        """Sends a post, or an edit where ``edited_at`` is given."""
        created = fields.pop("created_at", "2026-08-15T10:00:00Z")
        body = {"type": "post", "source": source, "id": id, "text": text, "created_at": created, **fields}
        self.wordings[source, id].append((fields.get("edited_at", created), text))
        self._send(f"{source}:{id}", json.dumps(body).encode(), times)

    def delete(self, id: str, source: str = "x", times: int = 1) -> None:
        self.deleted.add((source, id))
        body = {"type": "post_deleted", "source": source, "id": id, "deleted_at": "2026-08-15T20:00:00Z"}
        self._send(f"{source}:{id}", json.dumps(body).encode(), times)

    def bad(self, value: bytes, key: str = "bad") -> None:
        """Sends something that nobody can use."""
        self.poison.append(value)
        self._send(key, value, 1)

    def _send(self, key: str, value: bytes, times: int) -> None:
        for _ in range(times):
            self._producer.send(self.settings.named("posts"), value, key=key.encode())
            self.records += 1

    def flush(self) -> None:
        self._producer.flush()

    # What must be found

    def outcomes(self) -> dict[tuple[int, int], dict[str, Any]]:
        """(partition, offset) → outcome, of every record of `[outcomes]`."""
        found = {}
        for record in self._read("outcomes"):
            batch = json.loads(record.value)
            for outcome in batch["outcomes"]:
                found[batch["partition"], outcome["offset"]] = outcome
        return found

    def documents(self) -> dict[str, dict[str, Any]]:
        """_id → what a search through the alias finds."""
        alias = f"{self.settings.elasticsearch()}/{self.settings.named('flagpost-items')}"
        urllib.request.urlopen(urllib.request.Request(f"{alias}/_refresh", method="POST"), timeout=30).read()
        with urllib.request.urlopen(f"{alias}/_search?size=10000", timeout=30) as answer:
            hits = json.loads(answer.read())["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def differences(self) -> list[str]:
        """Every way in which what is there differs from what must be there; an empty list is a balanced ledger."""
        outcomes = self.outcomes()
        wrong = []
        if len(outcomes) != self.records:
            wrong.append(f"{self.records} records sent, {len(outcomes)} have an outcome")
        flagged = self._finally_flagged(outcomes)
        documents = self.documents()
        for uid, wordings in self.wordings.items():
            text = max(wordings, key=lambda one: dt.datetime.fromisoformat(one[0]))[1]
            document = documents.pop(_id(*uid), None)
            if uid in self.deleted or not flagged.get(_id(*uid)):
                if document is not None:
                    wrong.append(f"{uid} must not be found")
            elif document is None:
                wrong.append(f"{uid} is lost")
            elif document["message"] != text:
                wrong.append(f"{uid} has an old text")
        wrong += [f"{document['flagpost']['uid']} was never sent" for document in documents.values()]
        letters = [record.value for record in self._read("dead-letters")]
        if sorted(letters) != sorted(self.poison):
            wrong.append(f"{len(self.poison)} poisoned messages, {len(letters)} dead letters, or other bytes")
        return wrong

    def _finally_flagged(self, outcomes: dict[tuple[int, int], dict[str, Any]]) -> dict[str, bool]:
        """_id → whether the last record of that post was flagged; one post's records are in one partition, in order."""
        last: dict[str, bool] = {}
        for _, outcome in sorted(outcomes.items()):
            if "uid_hash" in outcome:
                last[outcome["uid_hash"]] = outcome["outcome"] == "flagged"
        return last

    def _read(self, topic: str) -> list[Any]:
        name = self.settings.named(topic)
        consumer = KafkaConsumer(bootstrap_servers=self.settings.bootstrap(), enable_auto_commit=False)
        try:
            partitions = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name) or ()]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            records: list[Any] = []
            while any(consumer.position(one) < end for one, end in ends.items()):
                for some in consumer.poll(timeout_ms=1000).values():
                    records += some
            return records
        finally:
            consumer.close()


def _id(source: str, id: str) -> str:
    digest = hashlib.sha256(source.encode() + b"\0" + id.encode()).digest()
    return base64.b32encode(digest).decode().lower().rstrip("=")
