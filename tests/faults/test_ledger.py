"""The oracle itself: a ledger that balances whatever is there would prove nothing. Needs no server."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.settings import Settings
from tests import ledger as oracle
from tests.found import document_id
from tests.ledger import Ledger

POISON = b'{"torn'


class There:
    """What Kafka and Elasticsearch hold after two flagged posts, an edit, a delete, some chatter and something bad."""

    def __init__(self) -> None:
        told = [
            ("kept", "flagged"),
            ("kept", "flagged"),
            ("gone", "flagged"),
            ("gone", "withdrawn"),
            ("idle", "chatter"),
        ]
        self.outcomes = [
            {"offset": offset, "outcome": outcome, "uid_hash": document_id("x", id)}
            for offset, (id, outcome) in enumerate(told)
        ] + [{"offset": len(told), "outcome": "dead_lettered"}]
        self.letters = [POISON]
        self.flagged = [b"one", b"one", b"two", b"three", b"four", b'{"reviews":1}']
        self.documents = {
            document_id("x", "kept"): {"message": "new", "flagpost": {"uid": "x:kept"}},
            document_id("x", "gone"): {"flagpost": {"uid": "x:gone", "withdrawn": True}},
        }

    def records(self, _settings: Settings, topic: str) -> list[Any]:
        batch = json.dumps({"partition": 0, "outcomes": self.outcomes}).encode()
        values = {"outcomes": [batch], "dead-letters": self.letters, "flagged": self.flagged}[topic]
        return [SimpleNamespace(value=value) for value in values]

    def hits(self, _settings: Settings, _name: str) -> list[dict[str, Any]]:
        return [{"_id": id, "_source": source} for id, source in self.documents.items()]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> There:
    there = There()
    taken = SimpleNamespace(send=lambda *_, **__: SimpleNamespace(get=lambda timeout: None), flush=lambda: None)
    monkeypatch.setattr(oracle, "KafkaProducer", lambda **_: taken)
    monkeypatch.setattr(oracle, "records", there.records)
    monkeypatch.setattr(oracle, "hits", there.hits)
    return there


@pytest.fixture
def ledger(there: There) -> Ledger:
    ledger = Ledger(Settings(kafka_bootstrap="none:1"))
    ledger.post("kept", "new", edited_at="2026-08-15T11:00:00Z")
    ledger.post("kept", "old")
    ledger.post("gone", "taken back")
    ledger.delete("gone")
    ledger.post("idle", "nothing")
    ledger.bad(POISON)
    ledger.flush()
    return ledger


def test_it_balances_when_everything_is_there(ledger: Ledger) -> None:
    balance = ledger.balance()
    assert balance.differences == []
    assert (balance.sent, balance.lost, balance.duplicated) == (6, 0, 0)
    assert balance.repeats == {"outcomes": 0, "flagged": 1, "dead-letters": 0}


def without_an_outcome(there: There) -> None:
    there.outcomes.pop(4)


def without_a_document(there: There) -> None:
    del there.documents[document_id("x", "kept")]


def with_an_old_text(there: There) -> None:
    there.documents[document_id("x", "kept")]["message"] = "old"


def with_the_dead_alive(there: There) -> None:
    there.documents[document_id("x", "gone")] = {"message": "taken back", "flagpost": {"uid": "x:gone"}}


def without_a_tombstone(there: There) -> None:
    del there.documents[document_id("x", "gone")]


def with_a_text_in_a_tombstone(there: There) -> None:
    there.documents[document_id("x", "gone")]["message"] = "taken back"


def with_two_documents_of_a_post(there: There) -> None:
    there.documents["elsewhere"] = there.documents[document_id("x", "kept")]


def with_chatter_that_is_found(there: There) -> None:
    there.documents[document_id("x", "idle")] = {"message": "nothing", "flagpost": {"uid": "x:idle"}}


def with_a_byte_changed(there: There) -> None:
    there.letters = [POISON + b" "]


def without_a_dead_letter(there: There) -> None:
    there.letters = []


TAMPERED: list[tuple[Callable[[There], None], str, int, int]] = [
    (without_an_outcome, "('x', 'idle') has no outcome", 1, 0),
    (without_a_document, "('x', 'kept') is lost", 1, 0),
    (with_an_old_text, "('x', 'kept') has an old text", 1, 0),
    (with_the_dead_alive, "('x', 'gone') must not be found", 0, 0),
    (without_a_tombstone, "('x', 'gone') was deleted and has no tombstone", 0, 0),
    (with_a_text_in_a_tombstone, "the tombstone of ('x', 'gone') tells its text", 0, 0),
    (with_two_documents_of_a_post, "x:kept has 2 documents", 0, 1),
    (with_chatter_that_is_found, "('x', 'idle') must not be found", 0, 0),
    (with_a_byte_changed, "a dead letter that nobody poisoned", 1, 0),
    (without_a_dead_letter, "1 poisoned messages are not among the dead letters", 1, 0),
]
"""What is done, what must be said of it, how many records are lost by it, and how many documents are too many."""


@pytest.mark.parametrize(
    ("tampered", "said", "lost", "duplicated"), TAMPERED, ids=[one[0].__name__ for one in TAMPERED]
)
def test_it_tells_what_is_wrong(
    there: There, ledger: Ledger, tampered: Callable[[There], None], said: str, lost: int, duplicated: int
) -> None:
    tampered(there)
    balance = ledger.balance()
    assert any(said in difference for difference in balance.differences), balance.differences
    assert (balance.lost, balance.duplicated) == (lost, duplicated)
