"""The classify stage around the model: what is published for which message, and the outcomes' books."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

import pytest

from models.classifier import Judgement
from pipeline.classify.judge import Judge
from pipeline.classify.stage import TAKEOVER_SLACK, ClassifyStage
from pipeline.classify.takeover import latest_takeover
from pipeline.message import Message, NotAcknowledged
from pipeline.result import DeadLetter, Done, End, Result, Retry
from schemas import codec
from schemas.identity import document_id
from schemas.item import Item, Withdrawn
from schemas.outcome import Outcome, Outcomes
from schemas.post import PostDeleted
from schemas.topics import FLAGGED, OUTCOMES
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.doubles.manual_clock import START
from tests.doubles.recording_producer import NO_VALUE, RecordingProducer
from tests.messages import message, post


class Bench:
    def __init__(self, sample_share: float = 0.0, activation: int = 1, took_over_at: dt.datetime | None = None) -> None:
        self.classifier = KeywordClassifier(activation)
        self.producer = RecordingProducer()
        self.stage = ClassifyStage(Judge(self.classifier), self.producer, sample_share, lambda: START, took_over_at)

    async def run(self, *messages: Message) -> Sequence[Result]:
        results = await self.stage.handle(messages)
        ends: list[tuple[Message, End]] = [
            (one, result)
            for one, result in zip(messages, results, strict=True)
            if isinstance(result, Done | DeadLetter)
        ]
        if len(ends) == len(messages):
            assert await self.stage.settle(ends) is None
        return results

    def flagged(self) -> list[Item | Withdrawn]:
        return [codec.decode(FLAGGED, sent.value) for sent in self.producer.on("flagged")]

    def outcomes(self) -> list[Outcome]:
        batches: list[Outcomes] = [codec.decode(OUTCOMES, sent.value) for sent in self.producer.on("outcomes")]
        return [outcome for batch in batches for outcome in batch.outcomes]


async def test_a_flagged_post_becomes_an_item_with_its_reasons() -> None:
    bench = Bench()
    assert await bench.run(message(post(text="lads dealing by the pier"))) == [Done("flagged")]
    (item,) = bench.flagged()
    assert isinstance(item, Item)
    assert item.verdict.label == "intel"
    assert [reason.text for reason in item.verdict.reasons] == ["dealing"]
    assert bench.producer.on("flagged")[0].key == b"x:1"


async def test_chatter_is_counted_and_its_text_goes_nowhere() -> None:
    bench = Bench()
    assert await bench.run(message(post(text="lovely sunset"))) == [Done("chatter")]
    assert bench.flagged() == []
    assert b"sunset" not in b"".join(sent.value for sent in bench.producer.sent)
    (outcome,) = bench.outcomes()
    assert (outcome.outcome, outcome.label, outcome.uid_hash) == ("chatter", "chatter", document_id("x", "1"))


async def test_a_sample_of_chatter_is_kept_by_the_hash_of_its_uid() -> None:
    bench = Bench(sample_share=0.5)
    await bench.run(*(message(post(id=str(n), text="lovely"), n) for n in range(200)))
    first = {sent.key for sent in bench.producer.on("chatter-sample")}
    assert 60 < len(first) < 140
    again = Bench(sample_share=0.5)
    await again.run(*(message(post(id=str(n), text="lovely"), n) for n in range(200)))
    assert {sent.key for sent in again.producer.on("chatter-sample")} == first


async def test_what_is_deleted_leaves_the_sample_also_when_all_of_it_is_judged_again() -> None:
    bench = Bench(sample_share=0.5)
    posts = [message(post(id=str(n), text="lovely"), n) for n in range(20)]
    deletes = [message(PostDeleted(source="x", id=str(n), deleted_at=START), n + 20) for n in range(20)]
    for _ in range(2):
        await bench.run(*posts)
        await bench.run(*deletes)
        sent = bench.producer.on("chatter-sample")
        assert 0 < len({one.key for one in sent}) < 20, "a delete of what is in no sample is no record there"
        assert {one.value for one in {one.key: one for one in sent}.values()} == {NO_VALUE}
    bench.producer.refuse["chatter-sample"] = 1
    results = await bench.run(*deletes)
    assert [type(one) for one in results].count(Retry) == 1


async def test_a_delete_withdraws_without_looking_anything_up() -> None:
    bench = Bench()
    await bench.run(message(PostDeleted(source="x", id="1", deleted_at=START)))
    (withdrawn,) = bench.flagged()
    assert isinstance(withdrawn, Withdrawn)
    assert (withdrawn.reason, withdrawn.revision) == ("deleted", START)
    assert bench.classifier.judged == []


async def test_an_edit_into_chatter_withdraws() -> None:
    bench = Bench()
    edited = START - dt.timedelta(seconds=5)
    assert await bench.run(message(post(text="all fine now", edited_at=edited))) == [Done("withdrawn")]
    (withdrawn,) = bench.flagged()
    assert isinstance(withdrawn, Withdrawn)
    assert (withdrawn.reason, withdrawn.revision) == ("edited_into_chatter", edited)
    assert bench.outcomes()[0].reason == "edited_into_chatter"


async def test_chatter_that_another_model_may_have_flagged_is_withdrawn() -> None:
    bench = Bench(took_over_at=START + dt.timedelta(hours=1))
    assert await bench.run(message(post(text="lovely"))) == [Done("withdrawn")]
    (withdrawn,) = bench.flagged()
    assert isinstance(withdrawn, Withdrawn)
    assert withdrawn.reason == "judged_again_chatter"


async def test_chatter_that_came_after_the_model_took_over_is_only_counted() -> None:
    bench = Bench(took_over_at=START)
    later = START + TAKEOVER_SLACK + dt.timedelta(seconds=1)
    assert await bench.run(message(post(text="lovely"), at=later)) == [Done("chatter")]


async def test_where_no_other_model_was_before_nothing_is_withdrawn_for_it() -> None:
    bench = Bench(activation=7)
    assert await bench.run(message(post(text="lovely"))) == [Done("chatter")]


async def test_outcomes_tell_the_next_worker_when_the_model_took_over() -> None:
    bench = Bench(activation=2, took_over_at=START)
    await bench.run(message(post(text="lovely")))
    (sent,) = bench.producer.on("outcomes")
    last = codec.decode(OUTCOMES, sent.value)
    later = START + dt.timedelta(days=1)
    assert latest_takeover([last], "keywords@1", activation=2, now=later) == START
    assert latest_takeover([last], "keywords@1", activation=3, now=later) == later
    assert latest_takeover([last], "others@1", activation=2, now=later) == later


def test_of_several_workers_with_one_model_the_first_took_over() -> None:
    later = START + dt.timedelta(hours=1)
    assert (
        latest_takeover([told(2, later), told(2, START), told(1, None)], "keywords@1", activation=2, now=later) == START
    )
    assert latest_takeover([told(1, None), told(1, None)], "keywords@1", activation=1, now=later) is None
    assert latest_takeover([], "keywords@1", activation=5, now=later) is None


def told(activation: int, took_over_at: dt.datetime | None) -> Outcomes:
    outcomes = [Outcome(offset=0, outcome="chatter")]
    return Outcomes(
        topic="posts",
        partition=0,
        model="keywords@1",
        activation=activation,
        took_over_at=took_over_at,
        judged_at=START,
        outcomes=outcomes,
    )


async def test_behind_a_record_that_kafka_does_not_take_nothing_more_is_sent() -> None:
    bench = Bench()
    bench.producer.errors["flagged"] = NotAcknowledged("away")
    results = await bench.run(*(message(post(id=str(n)), n) for n in range(3)))
    assert all(isinstance(result, Retry) for result in results)
    assert bench.producer.sent == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"{", "not_json"), (b"\xff\xfe", "not_utf8"), (b"", "empty"), (None, "empty"), (b"[]", "wrong_shape")],
)
async def test_what_can_not_be_read_is_a_dead_letter_with_an_outcome(value: bytes | None, reason: str) -> None:
    bench = Bench()
    (result,) = await bench.run(message(value))
    assert isinstance(result, DeadLetter)
    assert result.reason == reason
    (outcome,) = bench.outcomes()
    assert (outcome.outcome, outcome.reason, outcome.uid_hash) == ("dead_lettered", reason, None)


@pytest.mark.parametrize("year", [1970, 2106])
async def test_impossible_dates_are_dead_letters_and_the_neighbours_unhurt(year: int) -> None:
    bench = Bench()
    bad = post(id="2", created_at=dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    results = await bench.run(message(post(), 0), message(bad, 1), message(post(id="3"), 2))
    assert [type(result) for result in results] == [Done, DeadLetter, Done]


async def test_verdicts_are_published_in_offset_order() -> None:
    bench = Bench()
    texts = ["help " * 40, "dealing", "useless lot " * 10, "dealing"]
    await bench.run(*(message(post(id=str(n), text=text), n) for n, text in enumerate(texts)))
    assert [sent.key for sent in bench.producer.on("flagged")] == [b"x:0", b"x:1", b"x:2", b"x:3"]


async def test_a_retry_publishes_again_but_does_not_judge_again() -> None:
    bench = Bench()
    bench.producer.refuse["flagged"] = 1
    one = message(post())
    (result,) = await bench.stage.handle([one])
    assert isinstance(result, Retry)
    assert await bench.stage.handle([one]) == [Done("flagged")]
    assert len(bench.classifier.judged) == 1


async def test_outcomes_hold_one_record_a_partition_in_offset_order() -> None:
    bench = Bench()
    await bench.run(message(post("1"), 5, 0), message(post("2"), 9, 1), message(b"{", 6, 0))
    batches = [codec.decode(OUTCOMES, sent.value) for sent in bench.producer.on("outcomes")]
    assert [(batch.partition, [one.offset for one in batch.outcomes]) for batch in batches] == [(0, [5, 6]), (1, [9])]


async def test_settling_asks_for_a_retry_when_outcomes_are_not_acknowledged() -> None:
    bench = Bench()
    bench.producer.refuse["outcomes"] = 1
    one = message(post())
    await bench.stage.handle([one])
    assert isinstance(await bench.stage.settle([(one, Done("flagged"))]), Retry)
    assert await bench.stage.settle([(one, Done("flagged"))]) is None
    assert len(bench.outcomes()) == 1


async def test_what_was_foreseen_is_judged_once_and_published_only_when_it_is_handled() -> None:
    bench = Bench()
    first, second = message(post(id="1", text="lads dealing"), 1), message(post(id="2", text="help"), 2)
    bench.stage.foresee([first])
    bench.stage.foresee([second, message(b"{", 3)])
    await asyncio.gather(*bench.stage._foreseen.values())
    assert bench.producer.sent == []
    assert await bench.run(first) == [Done("flagged")]
    assert [type(one) for one in await bench.run(second, message(b"{", 3))] == [Done, DeadLetter]
    assert bench.classifier.judged == ["lads dealing", "help"]
    assert [item.uid for item in bench.flagged()] == ["x:1", "x:2"]
    assert [outcome.offset for outcome in bench.outcomes()] == [1, 2, 3]


async def test_a_message_that_stands_in_two_batches_after_a_rebalance_ends_in_both() -> None:
    bench = Bench()
    twice = message(post(text="help"), 1)
    bench.stage.foresee([twice])
    bench.stage.foresee([twice])
    assert await bench.run(twice) == [Done("flagged")]
    assert await bench.run(twice) == [Done("flagged")]


async def test_what_is_settled_leaves_nothing_behind() -> None:
    bench = Bench()
    one = message(post(text="help"), 1)
    bench.stage.foresee([one])
    await bench.run(one)
    assert bench.stage._handled == {}
    assert bench.stage._foreseen == {}


async def test_a_model_that_fails_on_what_was_foreseen_is_a_fault_of_its_own_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    fine, bad = message(post(id="1", text="help"), 1), message(post(id="2", text="nan"), 2)

    def judge(texts: Sequence[str]) -> list[Judgement]:
        if "nan" in texts:
            raise ValueError("not a number")
        return KeywordClassifier().judge(texts)

    monkeypatch.setattr(bench.classifier, "judge", judge)
    bench.stage.foresee([fine])
    bench.stage.foresee([bad])
    assert await bench.run(fine) == [Done("flagged")]
    with pytest.raises(ValueError, match="not a number"):
        await bench.run(bad)
