"""A short run of the fuzzer (`python -m tests.fuzz` is the long one), and the proof that its books notice what they must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from pipeline.classify.judge import Judge
from pipeline.message import Message
from schemas.post import PostDeleted
from schemas.topics import DEAD_LETTERS, FLAGGED, OUTCOMES
from tests.doubles.keyword_classifier import KeywordClassifier
from tests.doubles.manual_clock import START
from tests.doubles.recording_producer import RecordingProducer
from tests.fuzz.books import ENDS, ends_of
from tests.fuzz.inputs import KINDS, inputs
from tests.fuzz.round import fuzz_round
from tests.fuzz.texts import MARK
from tests.fuzz.through_classify import classified
from tests.messages import message, post


@pytest.mark.parametrize("number", [0, 1], ids=["sure", "unsure"])
def test_hostile_inputs_crash_nothing_and_the_books_are_even(number: int) -> None:
    tally = fuzz_round(seed=20260815, number=number, size=1_500)
    assert tally.classified.total() == 1_500
    assert {kind for kind, _ in tally.classified} == set(KINDS)
    assert {end for _, end in tally.classified} >= {"flagged", "withdrawn", "dead_lettered"}


def test_a_seed_makes_the_same_inputs_again() -> None:
    assert list(inputs(Random("7/1"), 300)) == list(inputs(Random("7/1"), 300))
    assert list(inputs(Random("7/1"), 300)) != list(inputs(Random("7/2"), 300))


MESSAGES = [
    message(b"{", 0, key=b"a"),
    message(post("1", f"{MARK} dealing"), 1),
    message(post("2", f"{MARK} lovely"), 2),
    message(PostDeleted(source="x", id="3", deleted_at=START), 3),
]


async def classified_all(folder: Path) -> RecordingProducer:
    return await classified(MESSAGES, Random(1), Judge(KeywordClassifier()), folder, unsure=False)


async def test_every_end_is_counted(tmp_path: Path) -> None:
    ends = ends_of(MESSAGES, await classified_all(tmp_path), repeats=False)
    assert [ends[0, offset] for offset in range(4)] == ["dead_lettered", "flagged", "chatter", "withdrawn"]
    assert sorted(ends.values()) == sorted(ENDS)


def lost(topic: str) -> Callable[[RecordingProducer], None]:
    return lambda producer: producer.sent.remove(producer.on(topic)[0])


def twice(topic: str) -> Callable[[RecordingProducer], None]:
    return lambda producer: producer.sent.append(producer.on(topic)[0])


def altered(topic: str, old: bytes, new: bytes) -> Callable[[RecordingProducer], None]:
    def alter(producer: RecordingProducer) -> None:
        first = next(one for one in producer.on(topic) if old in one.value)
        producer.sent[producer.sent.index(first)] = replace(first, value=first.value.replace(old, new))

    return alter


def quoted_in_a_header(producer: RecordingProducer) -> None:
    first = producer.on(DEAD_LETTERS.name)[0]
    producer.sent[producer.sent.index(first)] = replace(
        first, headers=[*first.headers, ("flagpost-detail", MARK.encode())]
    )


@pytest.mark.parametrize(
    "spoil",
    [
        *(lost(topic.name) for topic in (FLAGGED, OUTCOMES, DEAD_LETTERS)),
        *(twice(topic.name) for topic in (FLAGGED, OUTCOMES, DEAD_LETTERS)),
        altered(DEAD_LETTERS.name, b"{", b"["),
        altered(FLAGGED.name, b"dealing", b"dealers"),
        altered(FLAGGED.name, b'"id":"1"', b'"id":"2"'),
        altered(OUTCOMES.name, b'"outcome":"chatter"', b'"outcome":"flagged"'),
        altered(OUTCOMES.name, b'"offset":2', b'"offset":1'),
        altered(OUTCOMES.name, b"keywords@1", MARK.encode()),
        quoted_in_a_header,
    ],
)
async def test_books_that_are_uneven_are_noticed(spoil: Callable[[RecordingProducer], None], tmp_path: Path) -> None:
    producer = await classified_all(tmp_path)
    spoil(producer)
    with pytest.raises(AssertionError):
        ends_of(MESSAGES, producer, repeats=False)


def test_a_record_that_never_came_is_noticed() -> None:
    nothing: list[Message] = []
    assert ends_of(nothing, RecordingProducer(), repeats=False) == {}
    with pytest.raises(AssertionError, match="1 records came, 0 have an end"):
        ends_of(MESSAGES[:1], RecordingProducer(), repeats=False)
