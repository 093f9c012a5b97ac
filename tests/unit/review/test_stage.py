"""The review stage: what it writes for which decision, and that it knows what was decided before from the topic."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.message import Message
from pipeline.result import DeadLetter, Done, End, Result, Retry
from pipeline.review.log import Record
from pipeline.review.stage import ReviewStage
from schemas import codec
from schemas.audit import AuditEntry
from schemas.identity import document_id
from schemas.item import Item
from schemas.review import Review
from schemas.topics import AUDIT, FLAGGED
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import message, review


class Topic:
    """`[reviews]` in memory; counts what is read of it."""

    def __init__(self, *values: bytes | Review) -> None:
        self.values = [codec.encode(one) if isinstance(one, Review) else one for one in values]
        self.read: list[tuple[int, int]] = []

    def records(self, begin: int, end: int) -> list[Record]:
        self.read.append((begin, end))
        return list(enumerate(self.values))[begin:end]

    def messages(self, begin: int = 0, end: int | None = None) -> list[Message]:
        some = list(enumerate(self.values))[begin:end]
        return [message(value, offset, topic="reviews") for offset, value in some]


class Bench:
    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.producer = RecordingProducer()
        self.stage = ReviewStage(topic.records, self.producer)

    async def run(self, begin: int = 0, end: int | None = None) -> list[Result]:
        messages = self.topic.messages(begin, end)
        results = await self.stage.handle(messages)
        ends: list[tuple[Message, End]] = [
            (one, result)
            for one, result in zip(messages, results, strict=True)
            if isinstance(result, Done | DeadLetter)
        ]
        if len(ends) == len(messages):
            assert await self.stage.settle(ends) is None
        return list(results)

    def items(self) -> list[Item]:
        return [codec.decode(FLAGGED, sent.value) for sent in self.producer.on("flagged")]

    def audit(self) -> list[AuditEntry]:
        return [codec.decode(AUDIT, sent.value) for sent in self.producer.on("audit")]


async def test_a_decision_becomes_the_item_with_the_decision_on_it_and_its_number() -> None:
    decided = review(label="complaint", grade="prompt")
    bench = Bench(Topic(decided))
    assert await bench.run() == [Done("applied")]
    (item,) = bench.items()
    assert item == msgspec.structs.replace(decided.item, reviews=1, review=decided.decision)
    assert (item.label, item.grade) == ("complaint", "prompt")
    assert bench.producer.on("flagged")[0].key == b"x:1"


async def test_a_decision_that_was_overtaken_writes_nothing_but_the_audit() -> None:
    bench = Bench(Topic(review(grade="prompt"), review(by="j.doyle", dismissed=True)))
    assert await bench.run() == [Done("applied"), Done("overtaken")]
    assert [item.reviews for item in bench.items()] == [1]
    first, second = bench.audit()
    assert (first.act, first.by, first.on) == ("review-decided", "a.khan", document_id("x", "1"))
    assert first.detail == {"record": "reviews 0:0", "number": "1", "grade": "prompt"}
    assert (second.act, second.by) == ("review-overtaken", "j.doyle")
    assert second.detail == {
        "record": "reviews 0:1",
        "by_record": "reviews 0:0",
        "because": "decided before",
        "dismissed": "yes",
    }


async def test_the_audit_tells_neither_the_text_nor_the_note() -> None:
    bench = Bench(Topic(review(note="he said: lads dealing by the pier")))
    await bench.run()
    assert b"pier" not in bench.producer.on("audit")[0].value


async def test_a_decision_on_an_older_wording_is_done_and_changes_nothing() -> None:
    bench = Bench(Topic(review(minute=5), review(label="complaint")))
    assert await bench.run() == [Done("applied"), Done("outdated")]
    assert bench.audit()[1].detail["because"] == "edited since"


async def test_what_was_decided_before_this_worker_came_is_read_from_the_topic() -> None:
    bench = Bench(Topic(review(), review(seen=1), review(seen=1), review(seen=2)))
    assert await bench.run(begin=2) == [Done("overtaken"), Done("applied")]
    assert bench.topic.read == [(0, 2)]
    assert [item.reviews for item in bench.items()] == [3]


async def test_what_other_workers_did_in_between_is_read_too() -> None:
    bench = Bench(Topic(review(), review(seen=1), review(seen=1)))
    await bench.run(0, 1)
    assert await bench.run(2, 3) == [Done("overtaken")]
    assert bench.topic.read == [(1, 2)]


async def test_a_message_that_comes_again_has_the_same_number() -> None:
    bench = Bench(Topic(review(), review(seen=1), review(seen=2)))
    await bench.run()
    await bench.run(begin=1)
    assert [item.reviews for item in bench.items()] == [1, 2, 3, 2, 3]
    assert bench.producer.on("flagged")[1].value == bench.producer.on("flagged")[3].value
    assert bench.producer.on("audit")[1].value == bench.producer.on("audit")[3].value


async def test_what_nobody_can_use_is_a_dead_letter_and_is_never_counted() -> None:
    bench = Bench(Topic(b"{", review(), b"null", review(seen=1)))
    results = await bench.run()
    assert [type(one) for one in results] == [DeadLetter, Done, DeadLetter, Done]
    assert [item.reviews for item in bench.items()] == [1, 2]
    fresh = Bench(bench.topic)
    assert await fresh.run(begin=3) == [Done("applied")]
    assert fresh.items() == bench.items()[1:]


async def test_one_decision_more_than_the_version_has_room_for_is_a_dead_letter() -> None:
    bench = Bench(Topic(review(seen=1022), review(seen=1023)))
    results = await bench.run()
    assert results[0] == Done("applied")
    assert isinstance(results[1], DeadLetter)
    assert results[1].reason == "too_many_reviews"
    assert [entry.act for entry in bench.audit()] == ["review-decided"]


async def test_what_is_not_acknowledged_is_sent_again_with_the_number_it_had() -> None:
    bench = Bench(Topic(review(), review(seen=1)))
    bench.producer.refuse["flagged"] = 1
    assert await bench.run() == [Retry("reviewed items are not acknowledged"), Done("applied")]
    assert bench.audit() == []
    assert await bench.run() == [Done("applied")] * 2
    assert [item.reviews for item in bench.items()] == [2, 1, 2]
    assert bench.topic.read == []


async def test_a_decision_is_not_done_before_it_is_in_the_audit() -> None:
    bench = Bench(Topic(review()))
    bench.producer.refuse["audit"] = 1
    (decision,) = bench.topic.messages()
    results = await bench.stage.handle([decision])
    assert results == [Done("applied")]
    assert await bench.stage.settle([(decision, Done("applied"))]) == Retry("the audit is not acknowledged")
    assert await bench.stage.settle([(decision, Done("applied"))]) is None
    assert len(bench.audit()) == 1


async def test_a_message_that_delivery_gave_up_is_no_fault_of_its_neighbours() -> None:
    """Delivery ends a message that killed its worker by itself; the stage is only told."""
    bench = Bench(Topic(review("1"), review("2")))
    killer, next_one = bench.topic.messages()
    assert await bench.stage.settle([(killer, DeadLetter("crashed"))]) is None
    assert await bench.stage.handle([next_one]) == [Done("applied")]
    assert bench.topic.read == [(0, 1)]


async def test_a_topic_that_can_not_be_read_ends_the_worker_and_numbers_nothing() -> None:
    def read(_begin: int, _end: int) -> list[Record]:
        raise ConnectionError

    producer = RecordingProducer()
    stage = ReviewStage(read, producer)
    with pytest.raises(ConnectionError):
        await stage.handle(Topic(review(), review(seen=1)).messages(1))
    assert producer.sent == []
