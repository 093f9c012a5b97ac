"""Whatever happens to its workers, a decision has one number; and whoever asks finds the same."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.message import Message
from pipeline.result import DeadLetter, Done, End
from pipeline.review.log import Entry, Record, entries
from pipeline.review.numbering import Applied, Outdated, Overtaken
from pipeline.review.stage import ReviewStage
from schemas import codec
from schemas.identity import milliseconds, version_of
from schemas.item import Item
from schemas.review import Review
from schemas.topics import AUDIT, FLAGGED
from tests.doubles.recording_producer import RecordingProducer
from tests.messages import message, review

IDS = ["1", "2", "3"]

DECISIONS = st.builds(
    review,
    id=st.sampled_from(IDS),
    seen=st.integers(0, 4),
    over=st.booleans(),
    minute=st.integers(0, 2),
    grade=st.sampled_from(["immediate", "prompt", "routine"]),
)
LOGS = st.lists(DECISIONS | st.just(b"{"), max_size=20)

CUTS = st.lists(
    st.tuples(
        st.integers(1, 6),  # messages of the batch
        st.sampled_from(["done", "crash before", "crash between", "crash after", "another worker", "not acknowledged"]),
        st.integers(0, 6),  # acknowledged messages that come again
    ),
    max_size=30,
)


def values(log: list[Review | bytes]) -> list[Record]:
    return [(offset, codec.encode(one) if isinstance(one, Review) else one) for offset, one in enumerate(log)]


async def run(log: list[Record], cuts: list[tuple[int, str, int]]) -> RecordingProducer:
    """Workers that handle ``log`` in batches, end as ``cuts`` say, and go on behind what was acked, or before it."""
    producer = RecordingProducer()

    def read(begin: int, end: int) -> list[Record]:
        return log[begin:end]

    stage = ReviewStage(read, producer)
    place = 0
    for size, fault, again in [*cuts, *[(3, "done", 0)] * (len(log) + 1)]:
        batch = [message(value, offset, topic="reviews") for offset, value in log[place : place + size]]
        if fault == "another worker":  # the one before has not ended; what it has in mind is old by the time it is back
            await deliver(ReviewStage(read, producer), batch, producer, "done")
        elif await deliver(stage, batch, producer, fault):
            stage = ReviewStage(read, producer)
            continue
        place = max(place + len(batch) - again, 0)
    return producer


async def deliver(stage: ReviewStage, batch: list[Message], producer: RecordingProducer, fault: str) -> bool:
    """Whether the worker died of it, and nothing was acked."""
    if fault == "crash before":
        return True
    producer.refuse = {"flagged": 1, "audit": 1} if fault == "not acknowledged" else {}
    ends: dict[int, End] = {}
    while len(ends) < len(batch):
        todo = [one for one in batch if one.offset not in ends]
        results = zip(todo, await stage.handle(todo), strict=True)
        ends |= {one.offset: result for one, result in results if isinstance(result, Done | DeadLetter)}
    if fault == "crash between":
        return True
    while await stage.settle([(one, ends[one.offset]) for one in batch]):
        pass
    return fault == "crash after"


def written(producer: RecordingProducer) -> dict[str, set[bytes]]:
    return {topic: {sent.value for sent in producer.on(topic)} for topic in ("flagged", "audit")}


@given(LOGS, CUTS)
async def test_any_crashes_and_repeats_write_what_one_undisturbed_worker_writes(
    log: list[Review | bytes], cuts: list[tuple[int, str, int]]
) -> None:
    """A repeat is the same bytes, so that what is written is the same set however often."""
    undisturbed = written(await run(values(log), []))
    assert written(await run(values(log), cuts)) == undisturbed


@given(LOGS, CUTS)
async def test_the_last_decision_that_was_applied_is_what_is_found(
    log: list[Review | bytes], cuts: list[tuple[int, str, int]]
) -> None:
    found: dict[str, Item] = {}
    for sent in (await run(values(log), cuts)).on("flagged"):
        item: Item = codec.decode(FLAGGED, sent.value)
        if item.uid not in found or version_of(item) >= version_of(found[item.uid]):
            found[item.uid] = item
    last = {one.review.uid: one.review.decision for one in entries(values(log)) if isinstance(one.fate, Applied)}
    assert {uid: item.review for uid, item in found.items()} == last


@given(LOGS)
async def test_numbers_rise_by_one_on_each_wording_unless_more_was_seen(log: list[Review | bytes]) -> None:
    numbers: dict[Any, list[int]] = defaultdict(list)
    for one in entries(values(log)):
        key = one.review.uid, one.review.item.revision
        before = numbers[key][-1] if numbers[key] else 0
        match one.fate:
            case Applied(number):
                assert number == max(before, one.review.item.reviews) + 1
                assert one.review.over or one.review.item.reviews >= before
                numbers[key].append(number)
            case Overtaken():
                assert one.review.item.reviews < before
                assert not one.review.over


@given(LOGS)
async def test_an_analyst_who_reads_from_the_wordings_first_day_on_finds_what_the_stage_finds(
    log: list[Review | bytes],
) -> None:
    """Nobody can decide on a wording before there is one: decisions before that are on older ones, and are left out."""
    everything = {one.offset: one for one in entries(values(log))}
    for offset, one in everything.items():
        revision = milliseconds(one.review.item.revision)
        first = min(
            other for other, entry in everything.items() if milliseconds(entry.review.item.revision) >= revision
        )
        own = [record for record in values(log) if first <= record[0] <= offset]
        found: Entry = [*entries(own)][-1]
        assert found == one


async def test_the_runs_do_what_they_say() -> None:
    log = values([review(), review(), review(seen=1)])
    producer = await run(log, [(3, "crash between", 0), (2, "done", 2), (1, "another worker", 0)])
    assert [codec.decode(FLAGGED, sent.value).reviews for sent in producer.on("flagged")] == [1, 2, 1, 1, 2]
    acts = [codec.decode(AUDIT, sent.value).act for sent in producer.on("audit")]
    assert acts.count("review-overtaken") == 2
    assert {type(one.fate) for one in entries(log)} == {Applied, Overtaken}
    assert [type(one.fate) for one in entries(values([review(minute=1), review()]))] == [Applied, Outdated]
