"""The oracle for reviews: what was put onto `[flagged]` and `[reviews]`, and what must be found of it.

Shares no logic with the product: records are written by hand and read back with plain clients, and who was first is
worked out from the topic's order in its own few lines.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer

from pipeline.settings import Settings
from tests.found import hits, records
from tests.ledger import Balance
from tests.waiting import PATIENCE

Body = dict[str, Any]

FIRST = "2026-08-15T10:00:00Z"
"""When every post was written; later wordings say when they were made."""


@dataclass(frozen=True)
class Decided:
    """What the topic's order makes of all decisions on one post: of which wording the last one that counts is, as
    which."""

    wording: str = ""
    count: int = 0
    last: Body | None = None

    def after(self, review: Body) -> Decided:
        wording, seen = wording_of(review["item"]), review["item"].get("reviews", 0)
        if wording < self.wording:
            return self
        count = self.count if wording == self.wording else 0
        if seen < count and not review.get("over"):
            return self
        return Decided(wording, max(count, seen) + 1, review["decision"])


@dataclass
class DecisionsSent:
    """Everything that one test sent. Analysts look at the index, which lags, so that some of them come too late."""

    settings: Settings
    newest: dict[str, str] = field(default_factory=dict)
    """id → its newest wording"""
    deleted: set[str] = field(default_factory=set)
    decisions: int = 0

    def __post_init__(self) -> None:
        self._producer = KafkaProducer(bootstrap_servers=self.settings.bootstrap(), acks="all")
        self._under_way: list[Any] = []

    def item(self, id: str, wording: str = FIRST, activation: int = 1) -> None:
        """Sends an item as classify does; an edit where ``wording`` is later than the first."""
        self.newest[id] = max(self.newest.get(id, ""), wording)
        self._send("flagged", id, item(id, wording, activation))

    def delete(self, id: str) -> None:
        self.deleted.add(id)
        body = {"type": "withdrawn", "source": "x", "id": id, "reason": "deleted", "revision": FIRST}
        self._send("flagged", id, {**body, "withdrawn_at": FIRST, "activation": 1})

    def decide(self, id: str, by: str, seen: int, wording: str = FIRST, **decided: Any) -> None:
        """Somebody decides on what was found of it: this wording, decided on so often."""
        self.decisions += 1
        over = {"over": True} if decided.pop("over", False) else {}
        decision = {"by": by, "at": FIRST, "note": f"decision {self.decisions}", **decided}
        looked_at = {**item(id, wording), **({"reviews": seen} if seen else {})}
        self._send("reviews", id, {"type": "review", "item": looked_at, "decision": decision, **over})

    def flush(self) -> None:
        """Returns when Kafka has acknowledged all that was sent."""
        self._producer.flush()
        for sent in self._under_way:
            sent.get(timeout=PATIENCE)
        self._under_way.clear()

    def documents(self) -> dict[str, Body]:
        """id → its document, tombstones too."""
        found = hits(self.settings, "flagpost-items-v1")
        return {hit["_source"]["flagpost"]["post_id"]: hit["_source"] for hit in found}

    def expected(self) -> dict[str, Decided]:
        """id → what the order of `[reviews]` makes of it."""
        decided: dict[str, Decided] = defaultdict(Decided)
        for record in records(self.settings, "reviews"):
            review = json.loads(record.value)
            id = review["item"]["post"]["id"]
            decided[id] = decided[id].after(review)
        return decided

    def balance(self) -> Balance:
        """Compares what is there with what was sent. Every decision must be told in the audit, too, once or more
        often."""
        self.flush()
        documents, decided = self.documents(), self.expected()
        wrong = [one for id in self.newest for one in self._wrong(id, documents.get(id), decided.get(id, Decided()))]
        sent = len(records(self.settings, "reviews"))
        told, contradictions = audited(records(self.settings, "audit"))
        wrong += contradictions
        untold = {f"reviews 0:{offset}" for offset in range(self.decisions)} - told.keys()
        wrong += [f"{len(untold)} decisions are not in the audit"] * bool(untold)
        letters = len(records(self.settings, "dead-letters"))
        wrong += [f"{letters} dead letters"] * bool(letters)
        applied = {(one["uid"], one["wording"], one["number"]) for one in self._flagged() if one["number"]}
        return Balance(
            sent=self.decisions,
            lost=self.decisions - sent + len(untold) + len(wrong),
            duplicated=len(hits(self.settings, "flagpost-items-v1")) - len(documents),
            repeats={
                "audit": sum(told.values()) - len(told),
                "flagged": sum(bool(one["number"]) for one in self._flagged()) - len(applied),
            },
            differences=wrong,
        )

    def _wrong(self, id: str, document: Body | None, decided: Decided) -> list[str]:
        """Sentences about what is wrong with the document of one post."""
        if document is None:
            return [f"{id} is lost"]
        ours = document["flagpost"]
        if id in self.deleted:
            return [f"{id} must not be found"] * (not ours.get("withdrawn"))
        if document["message"] != text_of(id, self.newest[id]):
            return [f"{id} has an old text"]
        wanted = decided if decided.wording == self.newest[id] else Decided()
        review = ours.get("review")
        if (review or {}).get("note") != (wanted.last or {}).get("note") or ours.get("reviews", 0) != wanted.count:
            return [f"{id} has {review} as decision {ours.get('reviews', 0)}, not {wanted}"]
        label = (wanted.last or {}).get("label", "intel")
        return [f"{id} has the label {ours['label']}, not {label}"] * (ours["label"] != label)

    def _flagged(self) -> list[Body]:
        bodies = [json.loads(record.value) for record in records(self.settings, "flagged")]
        return [
            {"uid": one["post"]["id"], "wording": wording_of(one), "number": one.get("reviews", 0)}
            for one in bodies
            if one["type"] == "item"
        ]

    def _send(self, topic: str, id: str, body: Body) -> None:
        name = self.settings.named(topic)
        self._under_way.append(self._producer.send(name, json.dumps(body).encode(), key=f"x:{id}".encode()))


def item(id: str, wording: str = FIRST, activation: int = 1) -> Body:
    edited = {"edited_at": wording} if wording != FIRST else {}
    return {
        "type": "item",
        "post": {"source": "x", "id": id, "text": text_of(id, wording), "created_at": FIRST, **edited},
        "verdict": {
            "label": "intel",
            "scores": {"intel": 0.9, "help_request": 0.04, "complaint": 0.03, "chatter": 0.03},
            "grade": "routine",
            "model": f"by-hand@{activation}",
            "activation": activation,
        },
        "judged_at": FIRST,
    }


def text_of(id: str, wording: str) -> str:
    return f"post {id} as of {wording}"


def wording_of(item: Body) -> str:
    wording: str = item["post"].get("edited_at", item["post"]["created_at"])
    return wording


def audited(entries: Iterable[Any]) -> tuple[dict[str, int], list[str]]:
    """Record of each decision that is told → how often; and a sentence for each that is told in different words."""
    words: dict[str, set[bytes]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    for entry in entries:
        record = json.loads(entry.value)["detail"]["record"]
        words[record].add(entry.value)
        count[record] += 1
    return count, [f"{record} is told in {len(said)} ways" for record, said in words.items() if len(said) > 1]
