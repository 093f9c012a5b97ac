"""The oracle: knows what was sent, and says what must be found. Shares no logic with the product's stages.

It reads Kafka and Elasticsearch with plain clients, and names documents by its own arithmetic. Which posts are flagged is
the model's business, so the ledger takes the label from `[outcomes]`, and checks everything that follows from it: nothing
sent is without an outcome, every flagged post is found once with its newest text, every deleted or chatter post is not
found, and every poisoned message is in the dead letters, byte by byte.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer

from pipeline.settings import Settings
from tests.found import document_id as _id
from tests.found import hits, records
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Balance:
    """What a comparison found. ``differences`` are sentences; an empty list is a balanced ledger.

    Repeats are no fault: after a crash a batch is delivered again, and the versions of its items make that harmless.
    """

    sent: int
    lost: int
    duplicated: int
    repeats: dict[str, int]
    """Topic → records that tell or hold again what was there before."""
    differences: list[str]


@dataclass
class Ledger:
    """Everything that one test sent to `[posts]`."""

    settings: Settings
    records: int = 0
    wordings: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """(source, id) → (revision, text)"""
    deleted: set[tuple[str, str]] = field(default_factory=set)
    poison: list[bytes] = field(default_factory=list)
    by_others: bool = False
    """Whether a command that is tested sent some of it, once or more often."""

    def __post_init__(self) -> None:
        self._producer = KafkaProducer(
            bootstrap_servers=self.settings.bootstrap(),
            acks="all",
            linger_ms=10,  # as ingest does
        )
        self._under_way: list[Any] = []
        self._revisions: dict[tuple[str, str], list[str]] = defaultdict(list)
        """(source, id) → of each of its records, in the order of sending, the revision; of a delete nothing."""

    def post(self, id: str, text: str, source: str = "x", times: int = 1, **fields: Any) -> None:
        """Sends a post, or an edit where ``edited_at`` is given."""
        created = fields.pop("created_at", "2026-08-15T10:00:00Z")
        body = {"type": "post", "source": source, "id": id, "text": text, "created_at": created, **fields}
        revision = fields.get("edited_at", created)
        self.wordings[source, id].append((revision, text))
        self._revisions[source, id] += [revision] * times
        self._send(f"{source}:{id}", json.dumps(body).encode(), times)

    def told(self, id: str, text: str, source: str = "x") -> None:
        """Notes a post that somebody else sends, once or, after an accident, more often."""
        self.wordings[source, id].append(("2026-08-15T10:00:00Z", text))
        self.by_others = True

    def delete(self, id: str, source: str = "x", times: int = 1) -> None:
        self.deleted.add((source, id))
        self._revisions[source, id] += [""] * times
        body = {"type": "post_deleted", "source": source, "id": id, "deleted_at": "2026-08-15T20:00:00Z"}
        self._send(f"{source}:{id}", json.dumps(body).encode(), times)

    def bad(self, value: bytes, key: str = "bad") -> None:
        """Sends something that nobody can use."""
        self.poison.append(value)
        self._send(key, value, 1)

    def _send(self, key: str, value: bytes, times: int) -> None:
        for _ in range(times):
            self._under_way.append(self._producer.send(self.settings.named("posts"), value, key=key.encode()))
            self.records += 1

    def flush(self) -> None:
        """Returns when Kafka has acknowledged all that was sent; fails when it did not take some of it."""
        self._producer.flush()
        for sent in self._under_way:
            sent.get(timeout=PATIENCE)
        self._under_way.clear()

    # What must be found

    def outcomes(self) -> dict[tuple[int, int], dict[str, Any]]:
        """(partition, offset) → the last outcome told of it, of every record of `[posts]`."""
        return dict(self._told())

    def documents(self) -> dict[str, dict[str, Any]]:
        """_id → what a search through the alias finds, tombstones not among it."""
        return {hit["_id"]: hit["_source"] for hit in self._hits("flagpost-items")}

    def differences(self) -> list[str]:
        """Every way in which what is there differs from what must be there."""
        return self.balance().differences

    def balance(self) -> Balance:
        """Compares what is there with what was sent."""
        told = self._told()
        outcomes = dict(told)
        stored = self._hits("flagpost-items-v*")
        documents = {hit["_id"]: hit["_source"] for hit in stored}
        letters = [record.value for record in self._read("dead-letters")]
        published = sum(one["outcome"] in ("flagged", "withdrawn") for one in outcomes.values())
        sent = len(self._read("posts")) if self.by_others else self.records
        silent = [f"{sent} records sent, {len(outcomes)} have an outcome"] * (len(outcomes) != sent)
        flagged = self._finally_flagged(outcomes)
        untold = sum(_id(*uid) not in flagged for uid in self.wordings.keys() | self.deleted)
        wrong, lost = self._wrong_documents(documents, flagged)
        uids = Counter(hit["_source"]["flagpost"]["uid"] for hit in stored)
        twice = [f"{uid} has {count} documents" for uid, count in uids.items() if count > 1]
        missing = Counter(self.poison) - Counter(letters)
        strange = Counter(letters) - Counter({value: len(letters) for value in self.poison})
        dead = [f"{missing.total()} poisoned messages are not among the dead letters"] * bool(missing)
        dead += [f"a dead letter that nobody poisoned: {value[:80]!r}" for value in strange]
        return Balance(
            sent=sent,
            lost=lost + missing.total() + max(untold, sent - len(outcomes)),
            duplicated=sum(uids.values()) - len(uids),
            repeats={
                "outcomes": len(told) - len(outcomes),
                "flagged": sum(not _is_reviewed(record.value) for record in self._read("flagged")) - published,
                "dead-letters": len(letters) - len(self.poison),
            },
            differences=[*silent, *wrong, *twice, *dead],
        )

    def _wrong_documents(self, documents: dict[str, dict[str, Any]], flagged: dict[str, bool]) -> tuple[list[str], int]:
        """Sentences about what is wrong in the index, and how many posts are lost or old in it."""
        wrong, lost = [], 0
        known = {_id(*uid) for uid in self.wordings.keys() | self.deleted}
        for uid in self.wordings.keys() | self.deleted:
            document = documents.get(_id(*uid))
            if _id(*uid) not in flagged:
                wrong.append(f"{uid} has no outcome")
                continue
            live = document is not None and not document["flagpost"].get("withdrawn")
            if uid in self.deleted or not flagged.get(_id(*uid)):
                if live:
                    wrong.append(f"{uid} must not be found")
                if uid in self.deleted and document is None:
                    wrong.append(f"{uid} was deleted and has no tombstone")
                if document is not None and not live and "message" in document:
                    wrong.append(f"the tombstone of {uid} tells its text")
                continue
            newest = max(reversed(self.wordings[uid]), key=lambda one: _moment(one[0]))[1]
            if document is None or not live:
                wrong.append(f"{uid} is lost")
            elif document["message"] != newest:
                wrong.append(f"{uid} has an old text")
            lost += document is None or not live or document["message"] != newest
        wrong += [f"{one['flagpost']['uid']} was never sent" for id, one in documents.items() if id not in known]
        return wrong, lost

    def _told(self) -> list[tuple[tuple[int, int], dict[str, Any]]]:
        """Every outcome in the order of its telling, repeats too."""
        told = []
        for record in self._read("outcomes"):
            batch = json.loads(record.value)
            told += [((batch["partition"], outcome["offset"]), outcome) for outcome in batch["outcomes"]]
        return told

    def _finally_flagged(self, outcomes: dict[tuple[int, int], dict[str, Any]]) -> dict[str, bool]:
        """_id → whether the newest wording of that post was flagged, of two of one moment the one that was sent last.

        One post's records are in one partition, in the order of sending.
        """
        told: dict[str, list[bool]] = defaultdict(list)
        for _, outcome in sorted(outcomes.items()):
            if "uid_hash" in outcome:
                told[outcome["uid_hash"]].append(outcome["outcome"] == "flagged")
        flagged = {id: ends[-1] for id, ends in told.items()}
        for uid, revisions in self._revisions.items():
            ends = told.get(_id(*uid), [])
            if any(revisions) and len(ends) == len(revisions):
                flagged[_id(*uid)] = max(zip(map(_moment, revisions), range(len(ends)), ends, strict=True))[2]
        return flagged

    def _hits(self, name: str) -> list[dict[str, Any]]:
        return hits(self.settings, name)

    def _read(self, topic: str) -> list[Any]:
        return records(self.settings, topic)


def _is_reviewed(item: bytes) -> bool:
    """Whether an analyst's decision made this record of `[flagged]`, and no record of `[posts]`."""
    return b'"reviews":' in item  # no text can hold it: a quotation mark in one is escaped


def _moment(revision: str) -> dt.datetime:
    return dt.datetime.fromisoformat(revision) if revision else dt.datetime.min.replace(tzinfo=dt.UTC)
